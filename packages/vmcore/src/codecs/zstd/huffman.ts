import { type BackwardBits, bitsBefore, zstdError } from './bits.ts';
import { FseTable } from './fse.ts';

const MOST_BITS = 11;
const MOST_WEIGHT_ACCURACY = 6;
/** Runs that a loop fills faster than a call, which most are. */
const SHORT = 16;
/** Bits that can be looked at in one go. */
const WINDOW = 25;

/** The Huffman code of a block's literals (RFC 8878, 4.2). */
export class HuffmanTable {
  /** Bits of the longest code, 0 before any code was read. */
  bits = 0;
  /** For whatever the next `bits` bits are: the length of the code they start with (bits 15:8), its symbol (7:0). */
  readonly codes = new Uint16Array(1 << MOST_BITS);
  readonly #weights = new Uint8Array(256);
  readonly #start = new Uint32Array(MOST_BITS + 2);
  readonly #fse = new FseTable(MOST_WEIGHT_ACCURACY);

  /** Reads a code's description in bytes `[at, end)`; returns where it ends. */
  read(view: DataView, stream: BackwardBits, at: number, end: number): number {
    if (at >= end) throw zstdError('no Huffman code where there should be one');
    const header = view.getUint8(at);
    const isDirect = header >= 128;
    const next = at + 1 + (isDirect ? (header - 126) >> 1 : header);
    if (next > end) throw zstdError('a Huffman code that ends after its block');
    const count = isDirect
      ? this.#readDirect(view, at + 1, header - 127)
      : this.#readWeights(view, stream, at + 1, next);
    this.#build(count);
    return next;
  }

  #readDirect(view: DataView, at: number, count: number): number {
    for (let n = 0; n < count; n++) {
      const pair = view.getUint8(at + (n >> 1));
      this.#weights[n] = n % 2 === 0 ? pair >> 4 : pair & 15;
    }
    return count;
  }

  /** Weights as two interleaved FSE states; the stream's end, not a count, ends them. */
  #readWeights(view: DataView, stream: BackwardBits, at: number, end: number): number {
    const table = this.#fse;
    stream.open(table.read(view, at, end, MOST_WEIGHT_ACCURACY, MOST_BITS + 1), end);
    let now = stream.read(table.accuracy);
    let other = stream.read(table.accuracy);
    let count = 0;
    while (count < 254) {
      const state = table.states[now] as number;
      this.#weights[count++] = state >>> 24;
      const after = (state & 0xffff) + stream.read((state >>> 16) & 0xff);
      if (stream.left < 0) {
        this.#weights[count++] = (table.states[other] as number) >>> 24;
        return count;
      }
      now = other;
      other = after;
    }
    throw zstdError('a Huffman code with more than 255 symbols');
  }

  /** Builds the table; the last symbol's weight is what is left to a power of two. */
  #build(count: number): void {
    let sum = 0;
    for (let symbol = 0; symbol < count; symbol++) {
      const weight = this.#weights[symbol] as number;
      if (weight > MOST_BITS) throw zstdError(`a Huffman weight of ${weight}`);
      if (weight > 0) sum += 1 << (weight - 1);
    }
    const bits = 32 - Math.clz32(sum);
    const rest = 2 ** bits - sum;
    const lastWeight = 32 - Math.clz32(rest);
    if (sum === 0 || bits > MOST_BITS || 1 << (lastWeight - 1) !== rest)
      throw zstdError('an incomplete Huffman code');
    this.#weights[count] = lastWeight;
    this.bits = bits;
    this.#fill(count + 1);
  }

  #fill(count: number): void {
    const start = this.#start.fill(0);
    for (let symbol = 0; symbol < count; symbol++) {
      const weight = this.#weights[symbol] as number;
      if (weight > 0) start[weight + 1] = (start[weight + 1] ?? 0) + (1 << (weight - 1));
    }
    for (let weight = 2; weight < start.length; weight++) {
      start[weight] = (start[weight] as number) + (start[weight - 1] as number);
    }
    for (let symbol = 0; symbol < count; symbol++) {
      const weight = this.#weights[symbol] as number;
      if (weight === 0) continue;
      const from = start[weight] as number;
      const to = from + (1 << (weight - 1));
      const code = ((this.bits + 1 - weight) << 8) | symbol;
      if (to - from < SHORT) for (let n = from; n < to; n++) this.codes[n] = code;
      else this.codes.fill(code, from, to);
      start[weight] = to;
    }
  }
}

/** Decodes `output[at, end)` from the stream, which must end exactly there. */
export function decodeLiterals(
  table: HuffmanTable,
  stream: BackwardBits,
  output: Uint8Array,
  at: number,
  end: number,
): void {
  const { bits, codes } = table;
  const { view, start } = stream;
  const mask = (1 << bits) - 1;
  let { left } = stream;
  let n = at;
  // Two symbols for each word read: 25 bits hold both, as the longest code has 11.
  while (n + 1 < end && left >= WINDOW) {
    const window = bitsBefore(view, start, left, WINDOW);
    const first = codes[(window >>> (WINDOW - bits)) & mask] as number;
    const second = codes[(window >>> (WINDOW - bits - (first >> 8))) & mask] as number;
    output[n] = first;
    output[n + 1] = second;
    left -= (first >> 8) + (second >> 8);
    n += 2;
  }
  for (; n < end; n++) {
    const code = codes[bitsBefore(view, start, left, bits)] as number;
    output[n] = code;
    left -= code >> 8;
  }
  if (left !== 0) throw zstdError('literals that do not end with their stream');
}
