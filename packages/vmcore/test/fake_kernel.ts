import { addTo, type VirtualAddress, virtualAddress } from '../src/bytes/address.ts';
import { BtfWriter } from './btf_writer.ts';
import { FakeDump, FakeMemory } from './fake_dump.ts';

/** A member's type: a number in C's words, a pointer, bytes, or a struct described before; `[n]` for an array. */
export type MemberType = string;

interface Described {
  readonly type: number;
  readonly size: number;
  readonly align: number;
}

interface Member {
  readonly type: string;
  readonly offset: number;
  readonly count: number;
}

const NUMBERS: Readonly<Record<string, readonly [name: string, size: number, encoding: number]>> = {
  u8: ['unsigned char', 1, 0],
  char: ['char', 1, 2],
  s8: ['signed char', 1, 1],
  u16: ['short unsigned int', 2, 0],
  int: ['int', 4, 1],
  u32: ['unsigned int', 4, 0],
  long: ['long int', 8, 1],
  u64: ['long unsigned int', 8, 0],
};

/** A kernel of a test's own: structs laid out as C lays them out, and objects of them in memory. */
export class FakeKernel {
  readonly memory = new FakeMemory();
  readonly btf = new BtfWriter();
  readonly variables: Record<string, bigint> = {};
  readonly #types = new Map<string, Described>();
  readonly #members = new Map<string, ReadonlyMap<string, Member>>();
  readonly #functions = new Map<string, VirtualAddress>();
  #next = 0x10000;

  constructor() {
    for (const [word, [name, size, encoding]] of Object.entries(NUMBERS)) {
      this.#types.set(word, { type: this.btf.int(name, size, encoding), size, align: size });
    }
    this.#types.set('ptr', { type: this.btf.ptr(0), size: 8, align: 8 });
    this.struct('list_head', { next: 'ptr', prev: 'ptr' });
    this.struct('atomic', { counter: 'int' });
    this.struct('atomic_long', { counter: 'long' });
  }

  /** Describes a struct. */
  struct(name: string, members: Readonly<Record<string, MemberType>>): void {
    const laidOut = new Map<string, Member>();
    let size = 0;
    let align = 1;
    for (const [member, word] of Object.entries(members)) {
      const [, type = '', count] = /^(\w+)(?:\[(\d+)\])?$/.exec(word) ?? [];
      const { size: one, align: own } = this.#described(type);
      const offset = Math.ceil(size / own) * own;
      laidOut.set(member, { type, offset, count: count === undefined ? 0 : Number(count) });
      size = offset + one * Number(count ?? 1);
      align = Math.max(align, own);
    }
    size = Math.ceil(size / align) * align;
    const items = [...laidOut].map(([member, { type, offset, count }]) => {
      const { type: id } = this.#described(type);
      return { name: member, type: count === 0 ? id : this.btf.array(id, count), value: offset * 8 };
    });
    this.#types.set(name, { type: this.btf.struct(name, size, items), size, align });
    this.#members.set(name, laidOut);
  }

  /** Describes a typedef of a struct. */
  typedef(name: string, struct: string): void {
    const { type, size, align } = this.#described(struct);
    this.#types.set(name, { type: this.btf.typedef(name, type), size, align });
    this.#members.set(name, this.#members.get(struct) ?? new Map());
  }

  /** Bytes from the start of a struct to a member. */
  offset(struct: string, path: string): number {
    return this.#place(struct, path).offset;
  }

  size(struct: string): number {
    return this.#described(struct).size;
  }

  /** Memory of its own for an object, on an address that is a multiple of 64; all zeros. */
  allocate(bytes: number): VirtualAddress {
    const at = this.memory.at(this.#next);
    this.memory.bytes(at, new Uint8Array(bytes));
    this.#next += Math.ceil(bytes / 64 + 1) * 64;
    return at;
  }

  /** An object of a struct with some members set; text is put where a pointer is wanted to it. */
  object(
    struct: string,
    values: Readonly<Record<string, bigint | number | string | Uint8Array>> = {},
    at = this.allocate(this.size(struct)),
  ): VirtualAddress {
    for (const [path, value] of Object.entries(values)) this.set(struct, at, path, value);
    return at;
  }

  set(struct: string, at: bigint, path: string, value: bigint | number | string | Uint8Array): void {
    const { type, offset } = this.#place(struct, path);
    const place = at + BigInt(offset);
    if (value instanceof Uint8Array) this.memory.bytes(place, value);
    else if (typeof value !== 'string') this.memory.number(place, value, this.#described(type).size);
    else if (type === 'char') this.memory.text(place, value);
    else this.memory.number(place, this.text(value));
  }

  text(text: string): VirtualAddress {
    const at = this.allocate(text.length + 1);
    this.memory.text(at, text);
    return at;
  }

  /** A variable of a type that holds a value; returns its address. */
  variable(name: string, type: string, value: bigint | number = 0): VirtualAddress {
    const { size } = this.#described(type);
    const at = this.allocate(size);
    if (NUMBERS[type] || type === 'ptr') this.memory.number(at, value, size);
    this.variables[name] = at;
    return at;
  }

  /** Links objects of a struct by a `list_head` in them to a head. */
  list(head: bigint, struct: string, member: string, objects: readonly bigint[]): void {
    const offset = this.offset(struct, member);
    this.memory.list(
      head,
      objects.map((object) => object + BigInt(offset)),
    );
  }

  /** Per-CPU memory for so many CPUs: a `__percpu` pointer of value p means p + n × 0x100000 for CPU n. */
  cpus(count: number): void {
    this.variable('nr_cpu_ids', 'int', count);
    this.variable('__cpu_possible_mask', 'u64', (1 << count) - 1);
    const offsets = this.allocate(count * 8);
    for (let cpu = 0; cpu < count; cpu++) this.memory.number(addTo(offsets, cpu * 8), cpu * 0x100000);
    this.variables.__per_cpu_offset = offsets;
  }

  /** Describes an enum. */
  enum(name: string, values: readonly string[]): void {
    const numbered = values.map((value, n): [string, number] => [value, n]);
    this.#types.set(name, { type: this.btf.enum(name, numbered), size: 4, align: 4 });
  }

  /** Address of a function of a name, outside of any memory. */
  function(name: string): VirtualAddress {
    const known = this.#functions.get(name);
    if (known !== undefined) return known;
    const at = virtualAddress(0xffff_ffff_8100_0000n + BigInt(this.#functions.size) * 0x100n);
    this.#functions.set(name, at);
    return at;
  }

  dump(): FakeDump {
    const functions = [...this.#functions].map(([name, address]) => ({ name, address, module: undefined }));
    const at = (address: bigint) =>
      functions.find((each) => address >= each.address && address < each.address + 0x100n);
    const symbols = {
      find: (name: string) => functions.filter((each) => each.name === name),
      isText: (address: bigint) => at(address) !== undefined,
      lookup: (address: bigint) => {
        const found = at(address);
        return found && { ...found, offset: Number(address - found.address), size: 0x100 };
      },
    };
    const dump = new FakeDump(this.memory, this.variables, this.btf);
    Object.defineProperty(dump, 'symbols', { value: symbols });
    return dump;
  }

  #described(type: string): Described {
    const found = this.#types.get(type);
    if (!found) throw new Error(`the fake kernel has no type ${type}`);
    return found;
  }

  #place(struct: string, path: string): { type: string; offset: number } {
    let type = struct;
    let offset = 0;
    for (const step of path.split('.')) {
      const [, name = '', index] = /^(\w+)(?:\[(\d+)\])?$/.exec(step) ?? [];
      const member = this.#members.get(type)?.get(name);
      if (!member) throw new Error(`the fake kernel's ${type} has no member ${name}`);
      offset += member.offset + Number(index ?? 0) * this.#described(member.type).size;
      type = member.type;
    }
    return { type, offset };
  }
}
