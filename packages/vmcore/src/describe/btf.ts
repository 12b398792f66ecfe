import type { ByteSource } from '../bytes/byte_source.ts';
import { DumpError } from '../bytes/errors.ts';
import { type BtfHeader, KIND, kindOfInfo, readBtfHeader, vlenOfInfo } from './btf_format.ts';
import { BtfIndex } from './btf_index.ts';
import { decodeType, type TypeRecord } from './btf_record.ts';
import { BtfStrings } from './btf_strings.ts';
import type { BtfType, NamedKind, TypeId } from './btf_type.ts';
import { bytesSource, PagedBytes } from './paged_bytes.ts';

const KINDS_OF: Record<NamedKind, readonly number[]> = {
  int: [KIND.int],
  float: [KIND.float],
  struct: [KIND.struct],
  union: [KIND.union],
  enum: [KIND.enum, KIND.enum64],
  typedef: [KIND.typedef],
  fwd: [KIND.fwd],
  func: [KIND.func],
  var: [KIND.var],
  datasec: [KIND.datasec],
};

const VOID: BtfType = { kind: 'void' };

/**
 * The types of a kernel or of one of its modules, read from its BTF (Documentation/bpf/btf.rst) as they are
 * asked for. Every method may throw `DumpError`: `bad-format` for a blob that breaks its own format, and what
 * the source throws for pages that the dump lacks.
 */
export class Btf {
  readonly #data: PagedBytes;
  readonly #header: BtfHeader;
  readonly #base: Btf | undefined;
  readonly #strings: BtfStrings;
  readonly #index: BtfIndex;
  readonly #decoded = new Map<TypeId, BtfType>();
  /** Number of this blob's first own type; walking a base to its end is put off until it is wanted. */
  #firstOwn: number | undefined;

  /**
   * `base` is given for a module's BTF, which is split: its type and string numbers go on where the kernel's
   * end.
   */
  constructor(data: PagedBytes, base?: Btf) {
    this.#data = data;
    this.#header = readBtfHeader(data);
    this.#base = base;
    this.#strings = new BtfStrings(data, this.#header, base ? base.#strings : undefined);
    this.#index = new BtfIndex(data, this.#header, this.#strings);
    if (!base) this.#firstOwn = 1;
  }

  /** BTF over bytes or a source that starts at the header. */
  static of(source: Uint8Array | ByteSource, base?: Btf): Btf {
    const bytes = source instanceof Uint8Array ? bytesSource(source) : source;
    return new Btf(new PagedBytes(bytes, 'BTF'), base);
  }

  /** One past the highest type number; walks to the end of the blob. */
  get end(): TypeId {
    return this.#own() + this.#index.count;
  }

  /** How many 4096-byte pages of the blob have been read so far. */
  get pagesRead(): number {
    return this.#data.pagesRead;
  }

  /** The type of a number; decoded once. Throws `bad-format` where there is no such type. */
  type(id: TypeId): BtfType {
    if (id === 0) return VOID;
    const known = this.#decoded.get(id);
    if (known) return known;
    const first = this.#own();
    if (this.#base && id < first) return this.#base.type(id);
    const start = this.#index.start(id - first);
    if (!(id > 0) || start === undefined) {
      throw new DumpError('bad-format', `BTF has no type ${id}`, { type: id });
    }
    const type = decodeType(this.#record(start), this.#strings);
    this.#decoded.set(id, type);
    return type;
  }

  /**
   * Number of the first type of that name and kind, or of any of several kinds. A module's own types come
   * before the kernel's.
   */
  find(kind: NamedKind | readonly NamedKind[], name: string): TypeId | undefined {
    const kinds = typeof kind === 'string' ? KINDS_OF[kind] : kind.flatMap((one) => KINDS_OF[one]);
    for (const n of this.#index.named(name, kinds)) return this.#own() + n;
    return this.#base?.find(kind, name);
  }

  /** Numbers of all types of that kind and name: a kernel may have several structs of one tag. */
  findAll(kind: NamedKind, name: string): TypeId[] {
    const found: TypeId[] = [];
    for (const n of this.#index.named(name, KINDS_OF[kind])) found.push(this.#own() + n);
    return this.#base ? [...found, ...this.#base.findAll(kind, name)] : found;
  }

  /** Numbers of all types of one kind, in ascending order; walks the blob to its end. */
  *ofKind(kind: NamedKind): Generator<TypeId> {
    const wanted = KINDS_OF[kind];
    if (this.#base) yield* this.#base.ofKind(kind);
    const own = this.#own();
    for (let n = 0; ; n++) {
      const start = this.#index.start(n);
      if (start === undefined) return;
      if (wanted.includes(kindOfInfo(this.#data.words[start + 1] as number))) yield own + n;
    }
  }

  #own(): number {
    this.#firstOwn ??= this.#base ? this.#base.end : 1;
    return this.#firstOwn;
  }

  #record(start: number): TypeRecord {
    const { words } = this.#data;
    const info = words[start + 1] as number;
    const kind = kindOfInfo(info);
    const length =
      3 +
      (this.#header.fixedWords[kind] as number) +
      (this.#header.wordsPerItem[kind] as number) * vlenOfInfo(info);
    this.#data.need(start * 4, length * 4);
    return { words, start };
  }
}
