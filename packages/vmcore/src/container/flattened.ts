import { type ByteSource, copyOf } from '../bytes/byte_source.ts';
import { u32 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { asciiText, untilNul } from '../bytes/text.ts';

/**
 * The flattened form of a dump, which `makedumpfile -F` and QEMU write to pipes: a header of one 4 KB block,
 * then for each write its offset and size, big-endian, and the bytes; an offset of -1 ends it. Where writes
 * overlap, the later one counts.
 */

const HEADER_BYTES = 4096;
const RECORD_BYTES = 16;
const MOST_RECORDS = 1 << 22;

/** The first bytes of a flattened dump. */
export function isFlattened(head: Uint8Array): boolean {
  return head.length >= 16 && asciiText(untilNul(head.subarray(0, 16))) === 'makedumpfile';
}

/** A flattened file read as the file that it describes. */
export interface Flattened {
  /** The file that was flattened. What no write covers reads as zeros. */
  readonly source: ByteSource;
  /** Set when the stream ends without its end mark: the dump was cut off while it was written. */
  readonly problem: string | undefined;
}

/**
 * Finds every write of a flattened dump. Throws `not-a-dump`, `unsupported` for other versions, `bad-format`
 * for sizes that cannot be. Memory use: 24 bytes for each write.
 */
export function openFlattened(source: ByteSource): Flattened {
  const head = copyOf(source.read(0, Math.min(32, source.size)));
  if (!isFlattened(head) || head.length < 32) {
    throw new DumpError('not-a-dump', 'The file does not start as a flattened dump does');
  }
  const type = bigEndian(head, 16);
  const version = bigEndian(head, 24);
  if (type !== 1 || version !== 1) {
    throw new DumpError(
      'unsupported',
      `A flattened dump of type ${type} and version ${version}; 1 and 1 are read`,
    );
  }
  const { writes, problem } = findWrites(source);
  return { source: new FlattenedSource(source, disjoint(writes)), problem };
}

interface Write {
  /** Where the bytes belong. */
  readonly target: number;
  readonly length: number;
  /** Where they are. */
  readonly at: number;
}

function findWrites(source: ByteSource): { writes: Write[]; problem: string | undefined } {
  const writes: Write[] = [];
  let at = HEADER_BYTES;
  while (at + RECORD_BYTES <= source.size) {
    const record = source.read(at, RECORD_BYTES);
    const target = bigEndian(record, 0);
    const length = bigEndian(record, 8);
    if (target === -1) return { writes, problem: undefined };
    at += RECORD_BYTES;
    if (!(target >= 0 && length > 0) || writes.length === MOST_RECORDS) {
      throw new DumpError(
        'bad-format',
        `Write ${writes.length} of the flattened dump, at 0x${at.toString(16)}, has offset ${target} and length ${length}`,
        { at, target, length },
      );
    }
    const held = Math.min(length, source.size - at);
    if (held > 0) writes.push({ target, length: held, at });
    at += length;
  }
  return { writes, problem: 'The flattened dump has no end mark: it was cut off while it was written' };
}

/** A signed big-endian 64-bit value; NaN where it is above 2^53, -1 kept. */
function bigEndian(bytes: Uint8Array, at: number): number {
  const swap = (value: number) =>
    ((value >>> 24) | ((value >>> 8) & 0xff00) | ((value & 0xff00) << 8) | (value << 24)) >>> 0;
  const high = swap(u32(bytes, at));
  const low = swap(u32(bytes, at + 4));
  if (high === 0xffff_ffff && low === 0xffff_ffff) return -1;
  return high < 0x20_0000 ? high * 2 ** 32 + low : Number.NaN;
}

/** Sorts writes by target and cuts them so that none overlap, later ones winning. */
function disjoint(writes: readonly Write[]): Write[] {
  const order = [...writes.keys()].sort((a, b) => (writes[a] as Write).target - (writes[b] as Write).target);
  const sorted = order.map((index) => writes[index] as Write);
  const overlaps = sorted.some((write, n) => {
    const before = sorted[n - 1];
    return before !== undefined && before.target + before.length > write.target;
  });
  return overlaps ? paint(writes) : sorted;
}

/**
 * Cuts the targets at every start and end, and gives each piece to the last write that covers it: from the
 * last write to the first, each takes the pieces nobody has yet, and `next` skips the taken ones.
 */
function paint(writes: readonly Write[]): Write[] {
  const cuts = [...new Set(writes.flatMap(({ target, length }) => [target, target + length]))].sort(
    (a, b) => a - b,
  );
  const cutIndex = new Map(cuts.map((cut, index) => [cut, index]));
  const owner = new Int32Array(cuts.length).fill(-1);
  const next = Int32Array.from(cuts.keys());
  const free = (piece: number): number => {
    let end = piece;
    while (next[end] !== end) end = next[end] as number;
    for (let n = piece; n !== end; ) {
      const after = next[n] as number;
      next[n] = end;
      n = after;
    }
    return end;
  };
  for (let index = writes.length - 1; index >= 0; index--) {
    const { target, length } = writes[index] as Write;
    const end = cutIndex.get(target + length) as number;
    for (let piece = free(cutIndex.get(target) as number); piece < end; piece = free(piece)) {
      owner[piece] = index;
      next[piece] = piece + 1;
    }
  }
  const pieces: Write[] = [];
  owner.forEach((index, piece) => {
    const write = writes[index];
    if (write === undefined) return;
    const target = cuts[piece] as number;
    pieces.push({
      target,
      length: (cuts[piece + 1] as number) - target,
      at: write.at + target - write.target,
    });
  });
  return pieces;
}

class FlattenedSource implements ByteSource {
  readonly size: number;
  readonly #source: ByteSource;
  readonly #target: Float64Array;
  readonly #length: Float64Array;
  readonly #at: Float64Array;

  constructor(source: ByteSource, writes: readonly Write[]) {
    this.#source = source;
    this.#target = Float64Array.from(writes, (write) => write.target);
    this.#length = Float64Array.from(writes, (write) => write.length);
    this.#at = Float64Array.from(writes, (write) => write.at);
    const last = writes.at(-1);
    this.size = last === undefined ? 0 : last.target + last.length;
  }

  read(offset: number, length: number): Uint8Array {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new DumpError(
        'out-of-bounds',
        `Wanted bytes [0x${offset.toString(16)}, 0x${(offset + length).toString(16)}) of a flattened dump of 0x${this.size.toString(16)} bytes`,
        { offset, length, size: this.size },
      );
    }
    let at = this.#find(offset);
    const inside = offset - (this.#target[at] ?? 0);
    if (at >= 0 && inside + length <= (this.#length[at] as number)) {
      return this.#source.read((this.#at[at] as number) + inside, length);
    }
    const bytes = new Uint8Array(length);
    for (at = Math.max(at, 0); at < this.#target.length; at++) {
      const target = this.#target[at] as number;
      if (target >= offset + length) break;
      const from = Math.max(offset, target);
      const to = Math.min(offset + length, target + (this.#length[at] as number));
      if (to > from)
        bytes.set(this.#source.read((this.#at[at] as number) + from - target, to - from), from - offset);
    }
    return bytes;
  }

  /** Index of the last write at or before the offset, or -1. */
  #find(offset: number): number {
    let low = 0;
    let high = this.#target.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#target[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
