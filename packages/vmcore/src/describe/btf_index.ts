import { DumpError } from '../bytes/errors.ts';
import { type BtfHeader, KIND, KIND_LIMIT, kindOfInfo, vlenOfInfo } from './btf_format.ts';
import { type BtfStrings, hashOfName } from './btf_strings.ts';
import type { PagedBytes } from './paged_bytes.ts';
import { ifSeen, numbersOr, roomOr, type TableLoops } from './table_loops.ts';

/** Words of the type section that one step indexes: a look-up of an early type reads little of the rest. */
const STEP_WORDS = 8 * 1024;
/** Words of `struct btf_type`. */
const TYPE_WORDS = 3;
const BUCKETS = 1 << 14;
const PAGE_BITS = 12;

/** Kinds of the first name table: C's tags and type names. */
const TYPE_KINDS = kindFlags([
  KIND.int,
  KIND.struct,
  KIND.union,
  KIND.enum,
  KIND.fwd,
  KIND.typedef,
  KIND.float,
  KIND.enum64,
]);
/** Kinds of the second, built only when one of them is asked for: functions are half of a kernel's types. */
const OBJECT_KINDS = kindFlags([KIND.func, KIND.var, KIND.datasec]);

/** What the platform has compiled, over the tables of one blob. */
interface FastIndex {
  readonly walk: (stop: number) => boolean;
  readonly enter: (first: number, end: number) => number;
}

/** Chained hash table from the bytes of a name to type numbers, in ascending order. */
interface NameTable {
  readonly heads: Int32Array;
  readonly tails: Int32Array;
  readonly next: Int32Array;
}

/**
 * Where each type of one blob starts, and which of them have a given name. Types have no fixed size, so
 * finding type N means walking there from the first; the walk goes on in steps, only as far as someone asked.
 * No string is built for a name that nobody wants. Types are numbered from 0 here.
 */
export class BtfIndex {
  readonly #data: PagedBytes;
  readonly #header: BtfHeader;
  readonly #strings: BtfStrings;
  /** Word offset in the blob of each type found so far. */
  readonly #starts: Uint32Array;
  /** The word of the next type and its number, as `TableLoops.walkTypes` takes them. */
  readonly #walk: Int32Array;
  readonly #types: NameTable;
  #objects: NameTable | undefined;
  /** Why some types are in no table: their names cannot be read. */
  #nameless: DumpError | undefined;
  #count = 0;
  #nextWord: number;
  readonly #endWord: number;
  readonly #fast: FastIndex | undefined;

  constructor(data: PagedBytes, header: BtfHeader, strings: BtfStrings) {
    const capacity = Math.floor(header.typesLength / (TYPE_WORDS * 4));
    this.#data = data;
    this.#header = header;
    this.#strings = strings;
    const starts = numbersOr(data.loops, capacity);
    this.#starts = new Uint32Array(starts.buffer, starts.byteOffset, capacity);
    this.#types = nameTable(capacity, data.loops);
    this.#walk = numbersOr(data.loops, 2);
    this.#nextWord = header.typesAt >>> 2;
    this.#endWord = (header.typesAt + header.typesLength) >>> 2;
    this.#fast = this.#fastIndex();
  }

  /** How many types the blob has; walks to its end. */
  get count(): number {
    while (this.#step());
    return this.#count;
  }

  /** Word offset of type `n`, or undefined where the blob has no so many. */
  start(n: number): number | undefined {
    while (n >= this.#count) {
      if (!this.#step()) return undefined;
    }
    return this.#starts[n];
  }

  /**
   * The types of that name and one of those kinds, in ascending order; walks only as far as it is iterated.
   * Throws at its end where there is none, and some names cannot be read.
   */
  *named(name: string, kinds: readonly number[]): Generator<number> {
    const wanted = kindFlags(kinds);
    const ofObjects = kinds.some((kind) => OBJECT_KINDS[kind] === 1);
    const { heads, next } = ofObjects ? this.#objectTable() : this.#types;
    const { words } = this.#data;
    const bucket = hashOfName(name) & (BUCKETS - 1);
    let last = -1;
    let found = false;
    do {
      let n = (last < 0 ? heads[bucket] : next[last]) as number;
      for (; n >= 0; n = next[n] as number) {
        last = n;
        const start = this.#starts[n] as number;
        if (wanted[kindOfInfo(words[start + 1] as number)] === 0) continue;
        if (!this.#strings.is(words[start] as number, name)) continue;
        found = true;
        yield n;
      }
    } while (this.#step());
    if (!found && this.#nameless) throw this.#nameless;
  }

  /** Indexes the next part of the type section; false when there is none. */
  #step(): boolean {
    const from = this.#nextWord;
    if (from >= this.#endWord) return false;
    const stop = Math.min(from + STEP_WORDS, this.#endWord);
    this.#data.need(from * 4, (stop - from) * 4);
    this.#walk.set([from, this.#count]);
    const known = this.#fast ? this.#fast.walk(stop) : this.#walkTypes(stop);
    const [at, count] = this.#walk as unknown as [number, number];
    if (!known) throw unknownKind(kindOfInfo(this.#data.words[at + 1] as number), at, count);
    if (at > this.#endWord || (stop === this.#endWord && at !== stop)) throw pastEnd(count);
    this.#enterTypes(count);
    this.#nextWord = at;
    this.#count = count;
    return true;
  }

  /** Enters the types up to `end` that were walked over last. */
  #enterTypes(end: number): void {
    const fast = this.#fast;
    if (!fast) {
      this.#enter(this.#types, TYPE_KINDS, this.#count, end);
      return;
    }
    for (let n = fast.enter(this.#count, end); n < end; n = fast.enter(n + 1, end)) {
      // Its name is still to be read, or cannot be.
      this.#enter(this.#types, TYPE_KINDS, n, n + 1);
    }
  }

  /** `TableLoops.walkTypes`, where no platform has it. */
  #walkTypes(stop: number): boolean {
    const { words } = this.#data;
    const { fixedWords, wordsPerItem } = this.#header;
    let [at, count] = this.#walk as unknown as [number, number];
    let known = true;
    // A type whose first words straddle the end of this step is left to the next one.
    while (at + TYPE_WORDS <= stop) {
      const info = words[at + 1] as number;
      const kind = kindOfInfo(info);
      const fixed = fixedWords[kind] as number;
      known = fixed >= 0;
      if (!known) break;
      this.#starts[count++] = at;
      at += TYPE_WORDS + fixed + (wordsPerItem[kind] as number) * vlenOfInfo(info);
    }
    this.#walk[0] = at;
    this.#walk[1] = count;
    return known;
  }

  #fastIndex(): FastIndex | undefined {
    const { loops, skew, words, bytes, present } = this.#data;
    const { stringsAt, stringsLength, fixedWords, wordsPerItem } = this.#header;
    const starts = this.#starts;
    const walk = this.#walk;
    const sizes = roomOr(loops, 4 * KIND_LIMIT);
    const kinds = roomOr(loops, KIND_LIMIT);
    const { heads, tails, next } = this.#types;
    const seen = ifSeen(loops, sizes, kinds, starts, walk, heads, tails, next);
    const enter = seen?.typeNames({
      words,
      starts,
      kinds,
      strings: bytes.subarray(stringsAt, stringsAt + stringsLength),
      present: present.subarray((stringsAt + skew) >>> PAGE_BITS),
      skew: (stringsAt + skew) & ((1 << PAGE_BITS) - 1),
      heads,
      tails,
      next,
    });
    if (!seen || !enter) return undefined;
    kinds.set(TYPE_KINDS);
    const sizesOf = new Int16Array(sizes.buffer, sizes.byteOffset, 2 * KIND_LIMIT);
    sizesOf.set(fixedWords);
    sizesOf.set(wordsPerItem, KIND_LIMIT);
    return { walk: (stop) => seen.walkTypes(walk, words, stop, sizesOf, starts), enter };
  }

  #objectTable(): NameTable {
    if (!this.#objects) {
      const count = this.count;
      const objects = nameTable(count);
      this.#enter(objects, OBJECT_KINDS, 0, count);
      this.#objects = objects;
    }
    return this.#objects;
  }

  /** Enters types by their names; those whose names cannot be read stay out. Throws only `io`. */
  #enter({ heads, tails, next }: NameTable, kinds: Uint8Array, first: number, end: number): void {
    const { words } = this.#data;
    const starts = this.#starts;
    for (let n = first; n < end; n++) {
      const start = starts[n] as number;
      const name = words[start] as number;
      if (name === 0 || kinds[kindOfInfo(words[start + 1] as number)] === 0) continue;
      const bucket = this.#bucket(name);
      const tail = bucket < 0 ? end : (tails[bucket] as number);
      // After an error of the platform the same types come again.
      if (tail >= n) continue;
      if (tail < 0) heads[bucket] = n;
      else next[tail] = n;
      tails[bucket] = n;
    }
  }

  /** Bucket of the name at an offset; -1 where it cannot be read. */
  #bucket(name: number): number {
    try {
      return this.#strings.hash(name) & (BUCKETS - 1);
    } catch (error) {
      if (!(error instanceof DumpError) || error.code === 'io') throw error;
      this.#nameless ??= error;
      return -1;
    }
  }
}

function nameTable(capacity: number, loops?: TableLoops): NameTable {
  return {
    heads: numbersOr(loops, BUCKETS).fill(-1),
    tails: numbersOr(loops, BUCKETS).fill(-1),
    next: numbersOr(loops, capacity).fill(-1),
  };
}

function kindFlags(kinds: readonly number[]): Uint8Array {
  const flags = new Uint8Array(KIND_LIMIT);
  for (const kind of kinds) flags[kind] = 1;
  return flags;
}

function unknownKind(kind: number, word: number, n: number): DumpError {
  return new DumpError(
    'bad-format',
    `BTF: type ${n} of the blob, at byte ${word * 4}, has unknown kind ${kind}`,
    {
      kind,
      offset: word * 4,
    },
  );
}

function pastEnd(count: number): DumpError {
  return new DumpError('bad-format', `BTF: type ${count - 1} of the blob runs past the end of the types`, {
    type: count - 1,
  });
}
