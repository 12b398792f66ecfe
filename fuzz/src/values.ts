import type { Random } from './random.ts';

const LIMITS: readonly bigint[] = [
  0n,
  1n,
  2n,
  0x7fn,
  0xffn,
  0x1000n,
  0x7fffn,
  0xffffn,
  0x10_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x1f_ffff_ffff_ffffn,
  0x20_0000_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_f000n,
  0xffff_ffff_ffff_ffffn,
];

/** A value that a field seldom has: a limit, one beside the old value, one bit other, or an edge of the file. */
export function limitValue(random: Random, old: Uint8Array, fileSize: number): bigint {
  const was = numberOf(old);
  return random.pick([
    () => random.pick(LIMITS),
    () => random.pick(LIMITS),
    () => was + 1n,
    () => (was === 0n ? 1n : was - 1n),
    () => was ^ (1n << BigInt(random.below(Math.max(1, old.length * 8)))),
    () => was << BigInt(1 + random.below(16)),
    () => BigInt(fileSize - random.pick([0, 1, -1, 8, 4096])),
  ])();
}

/** The lowest `size` bytes of a number. */
export function littleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn));
}

/** A little-endian number. */
export function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let n = bytes.length - 1; n >= 0; n--) value = (value << 8n) | BigInt(bytes[n] as number);
  return value;
}
