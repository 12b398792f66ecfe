/** The longest code of Deflate. */
const MOST_BITS = 15;

/**
 * A prefix code of Deflate (RFC 1951, 3.2.2): codes of at most `bits` bits are looked up at once in `table`,
 * longer ones counted through by `decodeSlowly`.
 */
export class PrefixCode {
  /** For each next `bits` bits: the symbol (bits 15:4) and the length of its code (3:0), or 0 where it is longer. */
  readonly table: Uint16Array;
  /** What takes those bits out of a word. */
  readonly mask: number;
  /** How many codes there are of each length. */
  readonly counts = new Uint16Array(MOST_BITS + 1);
  /** Symbols in the order of their codes. */
  readonly symbols: Uint16Array;
  readonly #bits: number;
  readonly #next = new Uint16Array(MOST_BITS + 2);

  constructor(bits: number, mostSymbols: number) {
    this.#bits = bits;
    this.mask = (1 << bits) - 1;
    this.table = new Uint16Array(1 << bits);
    this.symbols = new Uint16Array(mostSymbols);
  }

  /**
   * Builds the code from the lengths in `[start, end)`. False when no code has these lengths: too many, or too
   * few but for a single one of length 1 (or none at all), as Deflate allows for distances.
   */
  build(lengths: Uint8Array, start: number, end: number): boolean {
    const { counts, symbols } = this;
    counts.fill(0);
    for (let at = start; at < end; at++)
      counts[lengths[at] as number] = (counts[lengths[at] as number] as number) + 1;
    counts[0] = 0;
    let left = 1;
    let used = 0;
    this.#next[1] = 0;
    for (let length = 1; length <= MOST_BITS; length++) {
      const count = counts[length] as number;
      left = 2 * left - count;
      if (left < 0) return false;
      used += count;
      this.#next[length + 1] = used;
    }
    for (let at = start; at < end; at++) {
      const length = lengths[at] as number;
      if (length === 0) continue;
      const place = this.#next[length] as number;
      symbols[place] = at - start;
      this.#next[length] = place + 1;
    }
    this.#fill();
    return left === 0 || used === 0 || (used === 1 && counts[1] === 1);
  }

  #fill(): void {
    const { table, counts, symbols } = this;
    table.fill(0);
    let code = 0;
    let place = 0;
    for (let length = 1; length <= this.#bits; length++) {
      for (let n = counts[length] as number; n > 0; n--) {
        const entry = ((symbols[place++] as number) << 4) | length;
        for (let at = reverse(code, length); at < table.length; at += 1 << length) table[at] = entry;
        code++;
      }
      code <<= 1;
    }
  }
}

/** The entry for whatever code the window begins with, bit by bit; 0 where it is none. */
export function decodeSlowly(code: PrefixCode, window: number): number {
  let value = 0;
  let first = 0;
  let place = 0;
  for (let length = 1; length <= MOST_BITS; length++) {
    value |= (window >>> (length - 1)) & 1;
    const count = code.counts[length] as number;
    if (value - first < count) return ((code.symbols[place + value - first] as number) << 4) | length;
    place += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return 0;
}

/** A code's bits in the order in which they come: the highest first. */
function reverse(code: number, length: number): number {
  let reversed = 0;
  for (let bit = 0; bit < length; bit++) reversed = (reversed << 1) | ((code >>> bit) & 1);
  return reversed;
}
