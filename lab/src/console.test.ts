import { describe, expect, it } from 'vitest';
import { type ConsoleLine, kernelBoots, LineCutter, labWord, withoutTime } from './console.ts';

function lines(...texts: string[]): ConsoleLine[] {
  return texts.map((text, at) => ({ at, text }));
}

describe('LineCutter', () => {
  it('keeps every byte of a line, and what follows the last', () => {
    const cutter = new LineCutter();
    expect(cutter.push(Buffer.from([0x61, 0xff, 0x0d]))).toEqual([]);
    expect(cutter.push(Buffer.from('\nb\n\nc'))).toEqual(['a\xff', 'b', '']);
    expect(cutter.rest).toBe('c');
  });
});

describe('labWord', () => {
  it('is what the guest said, with or without a time', () => {
    expect(labWord('[    4.406408] lab: system boot')).toBe('system boot');
    expect(labWord('lab: armed rc=0')).toBe('armed rc=0');
  });

  it('is not what the capture kernel shows of the crashed one', () => {
    expect(labWord('[    4.384327] [    5.839981] lab: system boot')).toBeUndefined();
    expect(withoutTime('[    4.384327] [    5.839981] Kernel panic')).toBe('[    5.839981] Kernel panic');
  });
});

describe('kernelBoots', () => {
  it('parts the console at each kernel and tells them by what init said', () => {
    const boots = kernelBoots(
      lines(
        'SeaBIOS',
        '[    0.000000] Linux version 6.1.0',
        '[    1.0] lab: init',
        '[    1.1] lab: system boot',
        '[    0.000000] Linux version 6.1.0',
        '[    1.0] lab: init',
        '[    1.1] lab: capture boot',
        '[    4.0] [    0.000000] Linux version 6.1.0',
        '[    0.000000] Linux version 6.1.0',
      ),
    );
    expect(boots.map(({ kind, lines: { length } }) => [kind, length])).toEqual([
      ['system', 3],
      ['capture', 4],
      ['unknown', 1],
    ]);
  });
});
