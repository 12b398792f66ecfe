import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiText, fieldText, utf8Bytes, utf8Text } from './text.ts';

describe('utf8Text', () => {
  it('agrees with TextDecoder on text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = new TextEncoder().encode(text);
        expect(utf8Text(bytes)).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
        expect(utf8Bytes(text)).toEqual(bytes);
      }),
    );
  });

  it('keeps what is valid and marks each byte that is not', () => {
    expect(utf8Text(Uint8Array.of(0x61, 0xff, 0xc3, 0xa9, 0xc3))).toBe('a\ufffdé\ufffd');
    // An overlong slash, a surrogate, and a code point past the last.
    for (const bytes of [
      [0xc0, 0xaf],
      [0xe0, 0x80, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
    ]) {
      expect(utf8Text(Uint8Array.from(bytes))).toBe('\ufffd'.repeat(bytes.length));
    }
  });

  it('reads texts longer than an engine takes arguments', () => {
    expect(asciiText(new Uint8Array(300_000).fill(0x41))).toBe('A'.repeat(300_000));
  });
});

describe('fieldText', () => {
  it('ends at the first NUL, or with the field', () => {
    expect(fieldText(Uint8Array.of(0x61, 0x62, 0, 0x63))).toBe('ab');
    expect(fieldText(Uint8Array.of(0x61, 0x62))).toBe('ab');
    expect(fieldText(new Uint8Array(0))).toBe('');
  });
});
