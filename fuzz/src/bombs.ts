import { COMPRESSED } from '@kcrash/vmcore/container/kdump_header';
import type { Target } from './damage_memory.ts';
import type { MemoryWriter } from './memory_writer.ts';
import type { Random } from './random.ts';

/** Compressed bytes that come to far more than a page, or claim to. */
interface Bomb {
  readonly name: string;
  readonly flags: number;
  readonly bytes: (random: Random) => Uint8Array;
}

/** A descriptor's size may be two pages at most. */
const ROOM = 8192;

/** Replaces pages that will be read by decompression bombs. */
export function bombs(writer: MemoryWriter, target: Target, random: Random): string {
  const bomb = random.pick(BOMBS);
  const bytes = bomb.bytes(random);
  const count = random.few(32);
  for (let n = 0; n < count; n++) {
    const physical = target.trace.memory.translate(random.pick(target.trace.touched).address as never);
    if (physical !== undefined) writer.replace(Math.floor(physical / 4096), bytes, bomb.flags);
  }
  return `${count} pages that are ${bomb.name}`;
}

const BOMBS: readonly Bomb[] = [
  { name: 'LZO with an endless run', flags: COMPRESSED.lzo, bytes: () => lzoRun() },
  { name: 'LZO with an endless literal', flags: COMPRESSED.lzo, bytes: () => new Uint8Array(ROOM) },
  {
    name: 'snappy that claims 4 GB',
    flags: COMPRESSED.snappy,
    bytes: (random) => snappyRun(random, 0xffff_ffff),
  },
  {
    name: 'snappy of copies of copies',
    flags: COMPRESSED.snappy,
    bytes: (random) => snappyRun(random, 4096),
  },
  { name: 'zstd of runs of 128 KB', flags: COMPRESSED.zstd, bytes: (random) => zstdRuns(random) },
  { name: 'zlib of one run', flags: COMPRESSED.zlib, bytes: () => zlibRun() },
  { name: 'noise of any compression', flags: 0x27, bytes: (random) => random.bytes(ROOM) },
];

/** Four literals, then a copy whose length is told in bytes of 255 each. */
function lzoRun(): Uint8Array {
  const bytes = new Uint8Array(ROOM);
  bytes.set([21, 1, 2, 3, 4, 0x20]);
  return bytes;
}

/** A varint of the length, a literal of one byte, then copies of 64 bytes from one byte before. */
function snappyRun(random: Random, claimed: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = claimed; ; left = Math.floor(left / 128)) {
    bytes.push(left < 128 ? left : (left % 128) | 128);
    if (left < 128) break;
  }
  bytes.push(0, random.next() & 0xff);
  while (bytes.length + 3 <= ROOM) bytes.push(0xfe, 1, 0);
  return Uint8Array.from(bytes);
}

/** A frame without a checksum whose blocks are all RLE blocks of the largest size; window of 4 KB to 3.75 TB. */
function zstdRuns(random: Random): Uint8Array {
  const window = random.pick([0x10, 0x58, 0xf8, 0xff]);
  const size = random.pick([0x1_ffff, 0x2_0000, 0x1f_ffff]);
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0, window];
  while (bytes.length + 4 <= ROOM) {
    const header = (size << 3) | 2;
    bytes.push(header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff, random.next() & 0xff);
  }
  return Uint8Array.from(bytes);
}

/**
 * A block of fixed codes: the literal 0, then copies of 258 bytes from one byte before, 13 bits each. Their bits
 * repeat after 13 bytes.
 */
function zlibRun(): Uint8Array {
  const bytes = new Uint8Array(ROOM);
  bytes.set([0x78, 0x9c]);
  let bit = 16;
  const put = (value: number, count: number) => {
    for (let n = 0; n < count; n++, bit++) {
      if ((value >> n) & 1) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  };
  put(3, 3);
  // Huffman codes start with their highest bit: the literal 0 is 00110000, length 258 is 11000101, distance 1 is 00000.
  put(0b0000_1100, 8);
  while (bit + 13 <= ROOM * 8) put(0b0_0000_1010_0011, 13);
  return bytes;
}
