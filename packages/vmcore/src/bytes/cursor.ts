import { DumpError } from './errors.ts';

/**
 * Little-endian fields of a byte array, each read checked against its end. 64-bit values come as a number
 * (which throws above 2^53), as two 32-bit halves, or as a bigint where an address is wanted at the surface.
 */

const TWO_32 = 0x1_0000_0000;

function outside(bytes: Uint8Array, at: number, length: number): DumpError {
  return new DumpError(
    'out-of-bounds',
    `Wanted bytes [0x${at.toString(16)}, 0x${(at + length).toString(16)}) of a structure of 0x${bytes.length.toString(16)} bytes`,
    { at, length, size: bytes.length },
  );
}

/** Throws `out-of-bounds` unless `[at, at + length)` lies in `bytes`. Both must be whole numbers. */
export function checkRange(bytes: Uint8Array, at: number, length: number): void {
  if (!(at >= 0 && length >= 0 && at + length <= bytes.length)) throw outside(bytes, at, length);
}

/** The byte at `at`. */
export function u8(bytes: Uint8Array, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw outside(bytes, at, 1);
  return value;
}

/** The unsigned 16-bit value at `at`. */
export function u16(bytes: Uint8Array, at: number): number {
  const last = bytes[at + 1];
  if (last === undefined || at < 0) throw outside(bytes, at, 2);
  return (bytes[at] as number) | (last << 8);
}

/** The signed 32-bit value at `at`. */
export function i32(bytes: Uint8Array, at: number): number {
  // By its last byte: QuickJS takes longer for the length than for all of this.
  const last = bytes[at + 3];
  if (last === undefined || at < 0) throw outside(bytes, at, 4);
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    (last << 24)
  );
}

/** The signed 16-bit value at `at`. */
export function i16(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) << 16) >> 16;
}

/** The unsigned 32-bit value at `at`. With `at + 4` it is also how the high half of a 64-bit value is read. */
export function u32(bytes: Uint8Array, at: number): number {
  return i32(bytes, at) >>> 0;
}

/** The unsigned 64-bit value at `at` as a number. Throws `bad-format` above 2^53, where numbers lose units. */
export function u64(bytes: Uint8Array, at: number): number {
  const low = u32(bytes, at);
  const high = u32(bytes, at + 4);
  if (high >= 0x20_0000) {
    throw new DumpError('bad-format', `The 64-bit value ${hexHalves(high, low)} is over 2^53`, { at });
  }
  return high * TWO_32 + low;
}

/** The unsigned 64-bit value at `at`, whole: for addresses and masks. */
export function u64Big(bytes: Uint8Array, at: number): bigint {
  return joinHalves(u32(bytes, at + 4), u32(bytes, at));
}

/** The signed 64-bit value at `at`, whole. */
export function i64Big(bytes: Uint8Array, at: number): bigint {
  return BigInt.asIntN(64, u64Big(bytes, at));
}

/** Bytes `[at, at + length)` as a view. */
export function slice(bytes: Uint8Array, at: number, length: number): Uint8Array {
  checkRange(bytes, at, length);
  return bytes.subarray(at, at + length);
}

/** One value, as a whole and by its halves: half the time of shifting, measured on a whole report. */
const WHOLE = new BigUint64Array(1);
const HALVES = new Uint32Array(WHOLE.buffer);
WHOLE[0] = 1n;
const LOW = HALVES[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** Two unsigned halves as one 64-bit value. */
export function joinHalves(high: number, low: number): bigint {
  HALVES[HIGH] = high;
  HALVES[LOW] = low;
  return WHOLE[0] as bigint;
}

/** The high 32 bits of a 64-bit value. */
export function highHalf(value: bigint): number {
  WHOLE[0] = value;
  return HALVES[HIGH] as number;
}

/** The low 32 bits of a 64-bit value. */
export function lowHalf(value: bigint): number {
  WHOLE[0] = value;
  return HALVES[LOW] as number;
}

/** What C makes of a value in 64 unsigned bits. Not `BigInt.asUintN`, which QuickJS (2025.04.26) gets wrong. */
export function wrapped(value: bigint): bigint {
  WHOLE[0] = value;
  return WHOLE[0] as bigint;
}

/** The digits of each byte: a number's own conversion takes ten times as long. */
const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `0x` and sixteen digits. */
export function hexHalves(high: number, low: number): string {
  return `0x${digits(high)}${digits(low)}`;
}

function digits(half: number): string {
  const high = (BYTES[half >>> 24] as string) + (BYTES[(half >>> 16) & 0xff] as string);
  return high + (BYTES[(half >>> 8) & 0xff] as string) + (BYTES[half & 0xff] as string);
}
