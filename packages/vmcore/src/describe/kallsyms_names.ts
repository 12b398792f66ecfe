import { DumpError } from '../bytes/errors.ts';
import { asciiText, untilNul } from '../bytes/text.ts';
import type { PagedBytes } from './paged_bytes.ts';
import { ifSeen, numbersOr, type SymbolNameTables } from './table_loops.ts';

/** Symbols between two marks, which tell where in the stream a name starts. */
export const MARK_STRIDE = 256;
const TOKENS = 256;
/** `KSYM_NAME_LEN` is 512; a longer name is damage. */
const MOST_NAME = 4096;
/** No token is longer than a name. */
const MOST_TOKEN = 512;
/** Bytes of the stream made present at a time; more than the longest name has, two bytes of length included. */
const WINDOW = 1 << 15;

/** Numbers of symbols, half-open. */
export interface SymbolRange {
  readonly start: number;
  readonly end: number;
}

/** Chained hash table of the names of one range; chains give numbers counted from its start. */
interface NameIndex {
  readonly heads: Int32Array;
  readonly next: Int32Array;
}

/**
 * The names of kallsyms: one stream, in order of address, of a length and so many tokens each. A length over
 * 127 takes two bytes (since 73bbb94466fd, v6.1). A token is a short text that occurs often; the first letter
 * of a name is its type as `nm` prints it.
 *
 * Names are made into strings when they are asked for. Finding one goes once through the range that it is
 * looked for in, and keeps a hash of each name there.
 */
export class KallsymsNames {
  /** Number of symbols. */
  readonly count: number;
  readonly #names: PagedBytes;
  readonly #tokens: readonly string[];
  readonly #markers: PagedBytes | undefined;
  #marks: Uint32Array | DumpError | undefined;
  readonly #indexes = new Map<SymbolRange, NameIndex | DumpError>();
  readonly #expanded = new Map<number, string>();

  /**
   * `tokenTable` and `tokenIndex` are `kallsyms_token_table` and `kallsyms_token_index`. `markers` is what may
   * be `kallsyms_markers`; it is tried against the names, and without it all of them are walked once.
   */
  constructor(
    names: PagedBytes,
    count: number,
    tokenTable: PagedBytes,
    tokenIndex: PagedBytes,
    markers: readonly PagedBytes[] = [],
  ) {
    this.#names = names;
    this.count = count;
    this.#tokens = readTokens(tokenTable, tokenIndex);
    this.#markers = markers.find((candidate) => this.#fits(candidate));
  }

  /** Name of the n-th symbol. */
  name(n: number): string {
    return this.#expand(n).slice(1);
  }

  /** The n-th symbol's type as `nm` and /proc/kallsyms print it; a capital for what other files may use. */
  type(n: number): string {
    return this.#expand(n).slice(0, 1);
  }

  /** Numbers of all symbols of a name in a range, in ascending order. The same range object is indexed once. */
  find(name: string, range: SymbolRange): number[] {
    let index = this.#indexes.get(range);
    if (!index) {
      index = kept(() => this.#indexRange(range));
      this.#indexes.set(range, index);
    }
    if (index instanceof DumpError) throw index;
    const { heads, next } = index;
    const found: number[] = [];
    for (let n = heads[hashText(name) & (heads.length - 1)] as number; n >= 0; n = next[n] as number) {
      if (this.name(range.start + n) === name) found.push(range.start + n);
    }
    return found.reverse();
  }

  /** Every name with its type, in order. */
  *all(): Generator<{ readonly type: string; readonly name: string }> {
    let at = 0;
    for (let n = 0; n < this.count; n++) {
      const text = this.#text(at);
      yield { type: text.slice(0, 1), name: text.slice(1) };
      at = this.#after(at);
    }
  }

  #expand(n: number): string {
    let text = this.#expanded.get(n);
    if (text === undefined) {
      text = this.#text(this.#start(n));
      this.#expanded.set(n, text);
    }
    return text;
  }

  /** Where the n-th name starts. */
  #start(n: number): number {
    if (!(n >= 0 && n < this.count)) {
      throw new DumpError('out-of-bounds', `kallsyms has ${this.count} symbols, but no. ${n} was wanted`, {
        n,
      });
    }
    const mark = Math.floor(n / MARK_STRIDE);
    let at = this.#mark(mark);
    const skip = n % MARK_STRIDE;
    if ((mark + 1) * MARK_STRIDE >= this.count) {
      // Nothing marks where the last names end.
      for (let left = skip; left > 0; left--) at = this.#after(at);
      return at;
    }
    this.#names.need(at, this.#mark(mark + 1) - at);
    const { bytes } = this.#names;
    for (let left = skip; left > 0; left--) {
      const length = bytes[at] as number;
      at += length < 0x80 ? length + 1 : ((length & 0x7f) | ((bytes[at + 1] as number) << 7)) + 2;
    }
    return at;
  }

  #mark(mark: number): number {
    return this.#markers ? this.#markers.u32(mark * 4) : (this.#walked()[mark] as number);
  }

  #text(at: number): string {
    const length = this.#lengthAt(at);
    const start = at + (length > 0x7f ? 2 : 1);
    this.#names.need(start, length);
    const { bytes } = this.#names;
    let text = '';
    for (let n = 0; n < length; n++) text += this.#tokens[bytes[start + n] as number] as string;
    if (text.length > MOST_NAME) throw tooLong(at);
    return text;
  }

  #after(at: number): number {
    const length = this.#lengthAt(at);
    return at + length + (length > 0x7f ? 2 : 1);
  }

  #lengthAt(at: number): number {
    this.#names.need(at, 1);
    const low = this.#names.bytes[at] as number;
    if (low < 0x80) return low;
    this.#names.need(at, 2);
    return (low & 0x7f) | ((this.#names.bytes[at + 1] as number) << 7);
  }

  /** Whether a table marks every 256th name: its first marks, and one in the middle, lead from one to the next. */
  #fits(markers: PagedBytes): boolean {
    const last = Math.floor((this.count - 1) / MARK_STRIDE);
    try {
      if (markers.u32(0) !== 0 || last === 0) return markers.u32(0) === 0;
      return [0, last >>> 1, last - 1].every((mark) => {
        let at = markers.u32(mark * 4);
        for (let n = 0; n < MARK_STRIDE; n++) at = this.#after(at);
        return at === markers.u32(mark * 4 + 4);
      });
    } catch (error) {
      // Whatever lies there may say that the next name is anywhere, or may not be in the dump.
      if (error instanceof DumpError && error.code !== 'io') return false;
      throw error;
    }
  }

  #walked(): Uint32Array {
    this.#marks ??= kept(() => this.#walk());
    if (this.#marks instanceof DumpError) throw this.#marks;
    return this.#marks;
  }

  #walk(): Uint32Array {
    const marks = new Uint32Array(Math.ceil(this.count / MARK_STRIDE));
    let at = 0;
    for (let n = 0; n < this.count; n++) {
      if (n % MARK_STRIDE === 0) marks[n / MARK_STRIDE] = at;
      at = this.#after(at);
    }
    return marks;
  }

  #indexRange({ start, end }: SymbolRange): NameIndex {
    const count = end - start;
    const { loops } = this.#names;
    const heads = numbersOr(loops, bucketsFor(count)).fill(-1);
    const next = numbersOr(loops, count);
    if (count > 0) indexNames(this.#names, this.#start(start), count, this.#tokens, { heads, next });
    return { heads, next };
  }
}

/** What was made, or why it could not be: a damaged table is not gone over again for each name that is looked up. */
function kept<T>(make: () => T): T | DumpError {
  try {
    return make();
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return error;
    throw error;
  }
}

function bucketsFor(count: number): number {
  let buckets = 256;
  while (buckets < count && buckets < 1 << 16) buckets *= 2;
  return buckets;
}

/** Enters `count` names from a place in the stream on. */
function indexNames(
  names: PagedBytes,
  from: number,
  count: number,
  tokens: readonly string[],
  { heads, next }: NameIndex,
): void {
  const { size } = names;
  const tables = { tokens: numbersOr(names.loops, 3 * TOKENS), heads, next };
  // Hash of a name from those of its tokens: h(ab) = h(a) * 31^|b| + h(b).
  tables.tokens.set(tokens.map(hashText));
  tables.tokens.set(
    tokens.map(({ length }) => power(length)),
    TOKENS,
  );
  tables.tokens.set(
    tokens.map((token) => hashText(token.slice(1))),
    2 * TOKENS,
  );
  const walk = numbersOr(names.loops, 2);
  walk[0] = from;
  const loops = ifSeen(names.loops, tables.tokens, heads, next, walk);
  while ((walk[1] as number) < count) {
    const at = walk[0] as number;
    if (at >= size) throw badName(walk, size);
    const ready = Math.min(size, at + 2 * WINDOW);
    names.need(at, ready - at);
    // The last name before `stop` may reach past it, by less than a window.
    const stop = ready === size ? size : ready - WINDOW;
    const sound = loops
      ? loops.enterNames(walk, names.bytes, stop, size, count, tables)
      : enterNames(walk, names.bytes, stop, size, count, tables);
    if (!sound) throw badName(walk, size);
  }
}

/** `TableLoops.enterNames`, where no platform has it. */
function enterNames(
  walk: Int32Array,
  bytes: Uint8Array,
  stop: number,
  size: number,
  count: number,
  { tokens, heads, next }: SymbolNameTables,
): boolean {
  const factors = tokens.subarray(TOKENS);
  const firstHashes = tokens.subarray(2 * TOKENS);
  const mask = heads.length - 1;
  let [at, n] = walk as unknown as [number, number];
  let sound = true;
  for (; n < count && at < stop; n++) {
    let start = at;
    let length = bytes[start++] as number;
    if (length > 0x7f) length = (length & 0x7f) | ((bytes[start++] as number) << 7);
    const end = start + length;
    if (length === 0 || end > size) {
      sound = false;
      break;
    }
    let hash = firstHashes[bytes[start] as number] as number;
    for (let token = start + 1; token < end; token++) {
      const number = bytes[token] as number;
      hash = (Math.imul(hash, factors[number] as number) + (tokens[number] as number)) | 0;
    }
    next[n] = heads[hash & mask] as number;
    heads[hash & mask] = n;
    at = end;
  }
  walk[0] = at;
  walk[1] = n;
  return sound;
}

function readTokens(table: PagedBytes, index: PagedBytes): string[] {
  const tokens: string[] = [];
  for (let n = 0; n < TOKENS; n++) {
    const start = index.u16(2 * n);
    const most = Math.min(MOST_TOKEN, table.size - start);
    if (most <= 0) {
      throw new DumpError('bad-format', `kallsyms: token ${n} lies at ${start} of ${table.size} bytes`, {
        token: n,
      });
    }
    table.need(start, most);
    tokens.push(asciiText(untilNul(table.bytes.subarray(start, start + most))));
  }
  return tokens;
}

function hashText(text: string): number {
  let hash = 0;
  for (let n = 0; n < text.length; n++) hash = (Math.imul(hash, 31) + text.charCodeAt(n)) | 0;
  return hash;
}

function power(exponent: number): number {
  let value = 1;
  for (let n = 0; n < exponent; n++) value = Math.imul(value, 31);
  return value;
}

function badName(walk: Int32Array, size: number): DumpError {
  const [at, n] = walk as unknown as [number, number];
  const message = `kallsyms: the ${n}-th name looked at, at ${at}, is empty or runs past ${size} bytes`;
  return new DumpError('bad-format', message, { symbol: n });
}

function tooLong(at: number): DumpError {
  return new DumpError('bad-format', `kallsyms: the name at ${at} has over ${MOST_NAME} letters`, { at });
}
