import { DumpError } from '../bytes/errors.ts';
import type { Btf } from './btf.ts';
import type { BtfType, EnumType, NamedKind, TypeId } from './btf_type.ts';
import {
  namedMembers,
  type Place,
  parsePath,
  type Resolved,
  resolveType,
  sizeOfType,
} from './type_layout.ts';

/** What a bare name may be; the first type that has it is meant. */
const KINDS: readonly NamedKind[] = ['struct', 'union', 'typedef', 'enum', 'int', 'float'];
const TAGGED = /^(struct|union|enum)\s+(.*)$/;

/**
 * The types of a kernel in C's own words. Everything is looked up once and kept. Names are `struct page`,
 * `enum pageflags` or bare: `page`, `pid_t`, `unsigned long`. What the kernel does not describe throws
 * `not-described` from the plain methods and gives undefined from those called `find…` and `has`.
 */
export class Types {
  readonly btf: Btf;
  readonly #ids = new Map<string, TypeId | undefined>();
  readonly #members = new Map<TypeId, ReadonlyMap<string, Place>>();
  readonly #places = new Map<string, Place | undefined>();

  constructor(btf: Btf) {
    this.btf = btf;
  }

  /** Number of a type by its name. */
  id(name: string): TypeId {
    const id = this.findId(name);
    if (id === undefined) throw notDescribed(`The kernel's BTF has no type "${name}"`, { name });
    return id;
  }

  /** Number of a type by its name, if the kernel has it. Finding that it has none reads all of the BTF. */
  findId(name: string): TypeId | undefined {
    if (this.#ids.has(name)) return this.#ids.get(name);
    const tagged = TAGGED.exec(name);
    const id = tagged
      ? this.btf.find(tagged[1] as NamedKind, tagged[2] as string)
      : this.btf.find(KINDS, compilersName(name));
    this.#ids.set(name, id);
    return id;
  }

  /** The type behind a number, without its typedefs and qualifiers. */
  resolve(id: TypeId): BtfType {
    return resolveType(this.btf, id).type;
  }

  /** C `sizeof`, in bytes. */
  sizeof(type: string | TypeId): number {
    return sizeOfType(this.btf, this.#number(type));
  }

  /** Whether a type has a member: `has('task_struct', '__state')`. An unknown type has none. */
  has(type: string | TypeId, path: string): boolean {
    return this.findPlace(type, path) !== undefined;
  }

  /**
   * C `offsetof`, in bytes, through anonymous members, dots and indices: `offsetof('module', 'mem[0].base')`.
   * Throws `not-described` for a bit field too, which has no byte offset.
   */
  offsetof(type: string | TypeId, path: string): number {
    const place = this.place(type, path);
    if (place.bitSize !== 0 || place.bitOffset % 8 !== 0) {
      throw notDescribed(`${type}.${path} is a bit field: it has no offset in bytes`, { type, path });
    }
    return place.bitOffset / 8;
  }

  /** Where a member lies and of which type it is. */
  place(type: string | TypeId, path: string): Place {
    const id = this.#number(type);
    const place = this.findPlace(id, path);
    if (!place) throw notDescribed(`${this.nameOf(id)} has no member "${path}"`, { type, path });
    return place;
  }

  /** Where a member lies, if type and member are described. */
  findPlace(type: string | TypeId, path: string): Place | undefined {
    const id = typeof type === 'string' ? this.findId(type) : type;
    if (id === undefined) return undefined;
    const key = `${id}.${path}`;
    if (!this.#places.has(key)) this.#places.set(key, this.#walk(id, path));
    return this.#places.get(key);
  }

  /**
   * Value of an enumerator: `enumerator('pageflags', 'PG_locked')`. Throws `not-described` when enum or
   * enumerator is missing, `unsupported` for a value beyond 2^53.
   */
  enumerator(type: string | TypeId, name: string): number {
    const value = this.findEnumerator(type, name);
    if (value === undefined)
      throw notDescribed(`The kernel's ${type} has no enumerator ${name}`, { type, name });
    return value;
  }

  /** Value of an enumerator, if the kernel has it. */
  findEnumerator(type: string | TypeId, name: string): number | undefined {
    const id = typeof type === 'string' ? this.#enumId(type) : type;
    const resolved = id === undefined ? undefined : this.resolve(id);
    if (resolved?.kind !== 'enum') return undefined;
    const value = resolved.values.find((item) => item.name === name)?.value;
    return value === undefined ? undefined : exact(value, name);
  }

  /**
   * Value of an enumerator whose enum has no name of use, or is not known: looks through all enums, which
   * reads all of the BTF. Of several enumerators of one name the first counts.
   */
  findLooseEnumerator(name: string): number | undefined {
    for (const id of this.btf.ofKind('enum')) {
      const value = this.findEnumerator(id, name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Name of an enumerator by its value, the first where several have it. */
  enumeratorName(type: EnumType, value: bigint): string | undefined {
    return type.values.find((item) => item.value === value)?.name;
  }

  /** All members that C reaches by one name. */
  members(type: string | TypeId): ReadonlyMap<string, Place> {
    const { id } = this.#resolved(this.#number(type));
    let members = this.#members.get(id);
    if (!members) {
      members = namedMembers(this.btf, id);
      this.#members.set(id, members);
    }
    return members;
  }

  /** `struct page`, `pid_t`; what has no name of its own is called by its kind. */
  nameOf(id: TypeId): string {
    const type = this.btf.type(id);
    const name = 'name' in type ? type.name : '';
    const tagged = type.kind === 'struct' || type.kind === 'union' || type.kind === 'enum';
    if (name === '') return `${type.kind} ${tagged ? '{…}' : `(type ${id})`}`;
    return tagged ? `${type.kind} ${name}` : name;
  }

  #enumId(name: string): TypeId | undefined {
    const id = this.findId(name.startsWith('enum ') ? name : `enum ${name}`);
    return id ?? this.findId(name);
  }

  #number(type: string | TypeId): TypeId {
    return typeof type === 'string' ? this.id(type) : type;
  }

  #resolved(id: TypeId): Resolved {
    return resolveType(this.btf, id);
  }

  #walk(id: TypeId, path: string): Place | undefined {
    let place: Place = { type: id, bitOffset: 0, bitSize: 0 };
    for (const step of parsePath(path)) {
      const { type } = this.#resolved(place.type);
      if (typeof step === 'number') {
        if (type.kind !== 'array') return undefined;
        const bits = sizeOfType(this.btf, type.element) * 8 * step;
        // A flexible array member has length 0 and any index.
        if (type.length !== 0 && step >= type.length) return undefined;
        place = { type: type.element, bitOffset: place.bitOffset + bits, bitSize: 0 };
        continue;
      }
      if (type.kind !== 'struct' && type.kind !== 'union') return undefined;
      const member = this.members(place.type).get(step);
      if (!member) return undefined;
      place = { ...member, bitOffset: place.bitOffset + member.bitOffset };
    }
    return place;
  }
}

/** `unsigned long` as the compiler writes it in debug information, and so in BTF: `long unsigned int`. */
function compilersName(name: string): string {
  const words = name.split(/\s+/);
  if (!words.every((word) => /^(unsigned|signed|long|short|int|char)$/.test(word))) return name;
  if (words.includes('char')) return words.includes('int') ? name : words.sort().reverse().join(' ');
  const sizes = words.filter((word) => word === 'long' || word === 'short');
  return [...sizes, ...(words.includes('unsigned') ? ['unsigned'] : []), 'int'].join(' ');
}

function exact(value: bigint, name: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new DumpError('unsupported', `Enumerator ${name} is ${value}, which no number holds exactly`, {
    name,
  });
}

function notDescribed(message: string, where: Record<string, number | string>): DumpError {
  return new DumpError('not-described', message, where);
}
