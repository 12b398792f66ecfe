import { DumpError } from '../bytes/errors.ts';
import type { PagedBytes } from './paged_bytes.ts';

/**
 * The layout of BTF on disk and in memory, after the kernel's Documentation/bpf/btf.rst. The masks are those
 * of the format as extended in 2026 (24 bits of `vlen`, 7 of kind); older writers leave those bits zero.
 */

/** `BTF_KIND_*`. */
export const KIND = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

const MAGIC = 0xeb9f;
const SWAPPED_MAGIC = 0x9feb;
/** Bytes of `struct btf_header` that every version has. */
const HEADER_SIZE = 24;
/** `sizeof(struct btf_header)` since the layout section was added. */
const HEADER_SIZE_WITH_LAYOUT = 32;

/** Words that follow the three words of `struct btf_type`, per kind: a fixed part, and a part times `vlen`. */
const FIXED_WORDS = [0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0];
const WORDS_PER_ITEM = [0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3];
export const KIND_LIMIT = 128;

/** Where the parts of a BTF blob lie, in bytes from its start. */
export interface BtfHeader {
  readonly typesAt: number;
  readonly typesLength: number;
  readonly stringsAt: number;
  readonly stringsLength: number;
  /** Words after `struct btf_type` by kind number; -1 marks a kind that neither we nor the blob know. */
  readonly fixedWords: Int16Array;
  /** Words per item by kind number. */
  readonly wordsPerItem: Int16Array;
}

function bad(message: string, where: Record<string, number> = {}): DumpError {
  return new DumpError('bad-format', `BTF: ${message}`, where);
}

/** Reads `struct btf_header` and checks that its sections lie in the blob. */
export function readBtfHeader(data: PagedBytes): BtfHeader {
  const magic = data.u16(0);
  if (magic === SWAPPED_MAGIC) throw new DumpError('unsupported', 'BTF of a big-endian kernel');
  if (magic !== MAGIC) throw bad(`magic is 0x${magic.toString(16)}, not 0x${MAGIC.toString(16)}`, { magic });
  data.need(0, HEADER_SIZE);
  const version = data.bytes[2] as number;
  if (version !== 1) throw new DumpError('unsupported', `BTF version ${version}`, { version });
  const headerLength = data.u32(4);
  if (headerLength < HEADER_SIZE) throw bad(`the header says it has ${headerLength} bytes`, { headerLength });
  const [typesAt, typesLength] = section(data, headerLength, 8, 'type');
  const [stringsAt, stringsLength] = section(data, headerLength, 16, 'string');
  if (typesAt % 4 !== 0) throw bad(`the types start at ${typesAt}, not at a multiple of 4`, { typesAt });
  return { typesAt, typesLength, stringsAt, stringsLength, ...kindSizes(data, headerLength) };
}

function section(data: PagedBytes, headerLength: number, field: number, what: string): [number, number] {
  const start = headerLength + data.u32(field);
  const length = data.u32(field + 4);
  if (start + length > data.size) {
    throw bad(`the ${what} section [${start}, ${start + length}) ends after ${data.size} bytes`, {
      start,
      length,
      size: data.size,
    });
  }
  return [start, length];
}

/** Sizes of the kinds we know, and of later ones as the blob's own layout section (2026) tells them. */
function kindSizes(data: PagedBytes, headerLength: number): Pick<BtfHeader, 'fixedWords' | 'wordsPerItem'> {
  const fixedWords = new Int16Array(KIND_LIMIT).fill(-1);
  const wordsPerItem = new Int16Array(KIND_LIMIT);
  fixedWords.set(FIXED_WORDS);
  wordsPerItem.set(WORDS_PER_ITEM);
  fixedWords[0] = -1;
  if (headerLength >= HEADER_SIZE_WITH_LAYOUT) {
    const [start, length] = section(data, headerLength, 24, 'layout');
    const kinds = Math.min(Math.floor(length / 4), KIND_LIMIT);
    for (let kind = FIXED_WORDS.length; kind < kinds; kind++) {
      data.need(start + kind * 4, 4);
      fixedWords[kind] = (data.bytes[start + kind * 4] as number) >> 2;
      wordsPerItem[kind] = (data.bytes[start + kind * 4 + 1] as number) >> 2;
    }
  }
  return { fixedWords, wordsPerItem };
}

/** Kind number of the info word of a `struct btf_type`. */
export function kindOfInfo(info: number): number {
  return (info >>> 24) & 0x7f;
}

/** Number of items (members, enumerators, parameters …) of the info word of a `struct btf_type`. */
export function vlenOfInfo(info: number): number {
  return info & 0xff_ffff;
}
