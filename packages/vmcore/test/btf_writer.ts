/** Writes BTF blobs for tests; kind numbers and layouts after Documentation/bpf/btf.rst. */

interface Item {
  name?: string;
  type?: number;
  /** Bit offset of a member, value of an enumerator, size of a variable in a section. */
  value?: number;
  bitSize?: number;
}

/** Collects types and strings; each `add` returns the number of the new type. */
export class BtfWriter {
  readonly #words: number[] = [];
  readonly #strings: number[] = [];
  readonly #firstString: number;
  #next: number;

  /** For a split blob: where the base's type numbers and strings end. */
  constructor(firstType = 1, firstString = 0) {
    this.#next = firstType;
    this.#firstString = firstString;
    if (firstString === 0) this.#strings.push(0);
  }

  /** Type numbers end here. */
  get end(): number {
    return this.#next;
  }

  /** String offsets end here. */
  get stringsEnd(): number {
    return this.#firstString + this.#strings.length;
  }

  string(text: string): number {
    if (text === '') return 0;
    const at = this.stringsEnd;
    for (const character of text) this.#strings.push(character.charCodeAt(0));
    this.#strings.push(0);
    return at;
  }

  /** Any record: its three words and what follows. */
  record(kind: number, name: string, vlen: number, third: number, rest: number[] = [], flag = 0): number {
    this.#words.push(this.string(name), ((flag << 31) | (kind << 24) | vlen) >>> 0, third >>> 0);
    for (const word of rest) this.#words.push(word >>> 0);
    return this.#next++;
  }

  int(name: string, size: number, encoding = 0, bits = size * 8, bitOffset = 0): number {
    return this.record(1, name, 0, size, [(encoding << 24) | (bitOffset << 16) | bits]);
  }

  ptr(type: number): number {
    return this.record(2, '', 0, type);
  }

  array(element: number, length: number, index = element): number {
    return this.record(3, '', 0, 0, [element, index, length]);
  }

  struct(name: string, size: number, members: Item[], kind: 4 | 5 = 4): number {
    const flag = members.some((member) => member.bitSize) ? 1 : 0;
    const rest = members.flatMap((member) => [
      this.string(member.name ?? ''),
      member.type ?? 0,
      ((flag ? (member.bitSize ?? 0) << 24 : 0) | (member.value ?? 0)) >>> 0,
    ]);
    return this.record(kind, name, members.length, size, rest, flag);
  }

  union(name: string, size: number, members: Item[]): number {
    return this.struct(name, size, members, 5);
  }

  enum(name: string, values: [string, number][], signed = false): number {
    const rest = values.flatMap(([text, value]) => [this.string(text), value]);
    return this.record(6, name, values.length, 4, rest, signed ? 1 : 0);
  }

  enum64(name: string, values: [string, bigint][], signed = false): number {
    const rest = values.flatMap(([text, value]) => [
      this.string(text),
      Number(value & 0xffff_ffffn),
      Number((value >> 32n) & 0xffff_ffffn),
    ]);
    return this.record(19, name, values.length, 8, rest, signed ? 1 : 0);
  }

  fwd(name: string, union = false): number {
    return this.record(7, name, 0, 0, [], union ? 1 : 0);
  }

  typedef(name: string, type: number): number {
    return this.record(8, name, 0, type);
  }

  funcProto(returns: number, parameters: Item[]): number {
    const rest = parameters.flatMap((parameter) => [this.string(parameter.name ?? ''), parameter.type ?? 0]);
    return this.record(13, '', parameters.length, returns, rest);
  }

  /** The whole blob. */
  bytes(): Uint8Array {
    const types = this.#words.length * 4;
    const out = new Uint8Array(24 + types + this.#strings.length);
    const view = new DataView(out.buffer);
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    view.setUint32(4, 24, true);
    view.setUint32(12, types, true);
    view.setUint32(16, types, true);
    view.setUint32(20, this.#strings.length, true);
    this.#words.forEach((word, n) => {
      view.setUint32(24 + n * 4, word, true);
    });
    out.set(this.#strings, 24 + types);
    return out;
  }
}
