import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { virtualAddress } from './address.ts';
import {
  highHalf,
  i16,
  i32,
  i64Big,
  joinHalves,
  lowHalf,
  slice,
  u8,
  u16,
  u32,
  u64,
  u64Big,
} from './cursor.ts';
import { DumpError } from './errors.ts';

describe('little-endian reads', () => {
  it('agree with DataView at every offset', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 32 }), fc.nat(24), (bytes, at) => {
        fc.pre(at + 8 <= bytes.length);
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        expect(u8(bytes, at)).toBe(view.getUint8(at));
        expect(u16(bytes, at)).toBe(view.getUint16(at, true));
        expect(i16(bytes, at)).toBe(view.getInt16(at, true));
        expect(u32(bytes, at)).toBe(view.getUint32(at, true));
        expect(i32(bytes, at)).toBe(view.getInt32(at, true));
        expect(u64Big(bytes, at)).toBe(view.getBigUint64(at, true));
        expect(i64Big(bytes, at)).toBe(view.getBigInt64(at, true));
      }),
    );
  });

  it('never read past the end', () => {
    const bytes = new Uint8Array(8);
    const reads: [(bytes: Uint8Array, at: number) => unknown, number][] = [
      [u8, 1],
      [u16, 2],
      [i16, 2],
      [u32, 4],
      [i32, 4],
      [u64, 8],
      [u64Big, 8],
      [i64Big, 8],
    ];
    for (const [read, size] of reads) {
      expect(() => read(bytes, 8 - size)).not.toThrow();
      for (const at of [9 - size, -1, 8, Number.NaN, 2 ** 40])
        expect(() => read(bytes, at)).toThrow(DumpError);
    }
    expect(() => slice(bytes, 4, 5)).toThrow('Wanted bytes [0x4, 0x9) of a structure of 0x8 bytes');
    expect(() => slice(bytes, 4, -1)).toThrow(DumpError);
  });

  it('refuse 64-bit values that a number cannot hold', () => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 53n - 1n, true);
    expect(u64(bytes, 0)).toBe(2 ** 53 - 1);
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 53n, true);
    expect(() => u64(bytes, 0)).toThrow('over 2^53');
  });
});

describe('halves', () => {
  it('split and join any 64-bit value', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
        expect(joinHalves(highHalf(value), lowHalf(value))).toBe(value);
      }),
    );
    expect(highHalf(virtualAddress(-1n))).toBe(0xffff_ffff);
  });
});
