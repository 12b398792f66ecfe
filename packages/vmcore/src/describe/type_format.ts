import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { fieldText } from '../bytes/text.ts';
import type { BtfType, TypeId } from './btf_type.ts';
import type { KernelMemory } from './kernel_memory.ts';
import { type Place, resolveType, sizeOfType } from './type_layout.ts';
import { byteArrayLength, numberLayout, readBig } from './type_value.ts';
import type { Types } from './types.ts';

/** How an object is printed. */
export interface FormatOptions {
  /** What stands after a pointer: `init_task`, `schedule+0x12`. */
  readonly symbol?: (address: bigint) => string | undefined;
  /** Most elements printed of each array. */
  readonly elements?: number;
  /** Most lines in all. */
  readonly lines?: number;
}

const INDENT = '    ';
const MOST_DEPTH = 32;
/** Values looked at in all: in damaged BTF structs without members may nest for ever. */
const MOST_VALUES = 100_000;

/**
 * An object of the crashed kernel as C would initialise it, read member by member: what the dump lacks is said
 * at the member that lacks it.
 */
export function formatObject(
  types: Types,
  memory: KernelMemory,
  type: string | TypeId,
  address: VirtualAddress,
  options: FormatOptions = {},
): string {
  const id = typeof type === 'string' ? types.id(type) : type;
  return formatPlace(types, memory, { type: id, bitOffset: 0, bitSize: 0 }, address, options);
}

/** The same for a member: its place in the object at `address`. */
export function formatPlace(
  types: Types,
  memory: KernelMemory,
  place: Place,
  address: VirtualAddress,
  options: FormatOptions = {},
): string {
  const out = new Printer(types, memory, address, options);
  out.print('', place, 0);
  return `${out.lines.join('\n')}\n`;
}

class Printer {
  readonly lines: string[] = [];
  readonly #types: Types;
  readonly #memory: KernelMemory;
  readonly #address: VirtualAddress;
  readonly #symbol: (address: bigint) => string | undefined;
  readonly #elements: number;
  readonly #most: number;
  #values = 0;

  constructor(types: Types, memory: KernelMemory, address: VirtualAddress, options: FormatOptions) {
    this.#types = types;
    this.#memory = memory;
    this.#address = address;
    this.#symbol = options.symbol ?? (() => undefined);
    this.#elements = options.elements ?? 16;
    this.#most = options.lines ?? 5000;
  }

  /** Prints one value; `label` is `.name = ` or `[3] = `. */
  print(label: string, place: Place, depth: number): void {
    if (this.#full(depth)) return;
    const { type } = resolveType(this.#types.btf, place.type);
    const end = depth === 0 ? '' : ',';
    const indent = INDENT.repeat(depth);
    if (depth < MOST_DEPTH && (type.kind === 'struct' || type.kind === 'union')) {
      this.lines.push(`${indent}${label}{`);
      this.#members(type, place.bitOffset, depth + 1, 0);
      this.lines.push(`${indent}}${end}`);
    } else if (
      depth < MOST_DEPTH &&
      type.kind === 'array' &&
      byteArrayLength(this.#types.btf, place) === undefined
    ) {
      this.lines.push(`${indent}${label}{`);
      this.#array(type, place.bitOffset, depth + 1);
      this.lines.push(`${indent}}${end}`);
    } else this.lines.push(`${indent}${label}${this.#scalar(place, type)}${end}`);
  }

  #members(
    struct: BtfType & { kind: 'struct' | 'union' },
    base: number,
    depth: number,
    nested: number,
  ): void {
    for (const member of struct.members) {
      if (this.#full(depth)) return;
      const place = { type: member.type, bitOffset: base + member.bitOffset, bitSize: member.bitSize };
      const inner = resolveType(this.#types.btf, member.type).type;
      const anonymous = member.name === '' && (inner.kind === 'struct' || inner.kind === 'union');
      if (anonymous && nested < MOST_DEPTH) this.#members(inner, place.bitOffset, depth, nested + 1);
      else if (member.name !== '') this.print(`.${member.name} = `, place, depth);
    }
  }

  #array(array: BtfType & { kind: 'array' }, base: number, depth: number): void {
    const shown = Math.min(array.length, this.#elements);
    const bits = shown > 0 ? sizeOfType(this.#types.btf, array.element) * 8 : 0;
    for (let n = 0; n < shown; n++) {
      this.print(`[${n}] = `, { type: array.element, bitOffset: base + n * bits, bitSize: 0 }, depth);
    }
    if (array.length > shown) this.lines.push(`${INDENT.repeat(depth)}/* ${array.length - shown} more */`);
  }

  #scalar(place: Place, type: BtfType): string {
    const { btf } = this.#types;
    try {
      const length = byteArrayLength(btf, place);
      if (length !== undefined) return quoted(this.#read(place.bitOffset / 8, Math.min(length, 4096)));
      const layout = numberLayout(btf, place);
      if (!layout) return `/* ${type.kind} */`;
      const value = readBig(this.#read(layout.at, layout.size), -layout.at, layout);
      return this.#number(type, value);
    } catch (error) {
      if (error instanceof DumpError) return `/* ${error.message} */`;
      throw error;
    }
  }

  #number(type: BtfType, value: bigint): string {
    if (type.kind === 'ptr') {
      if (value === 0n) return 'NULL';
      const symbol = this.#symbol(value);
      return symbol ? `${hexAddress(value)} /* ${symbol} */` : hexAddress(value);
    }
    if (type.kind === 'enum') return this.#types.enumeratorName(type, value) ?? value.toString();
    if (type.kind === 'int' && type.bool) return value === 0n ? 'false' : 'true';
    return value.toString();
  }

  #read(offset: number, length: number): Uint8Array {
    return this.#memory.read(addTo(this.#address, offset), length);
  }

  #full(depth: number): boolean {
    this.#values += 1;
    if (this.#values > MOST_VALUES) return true;
    if (this.lines.length < this.#most) return false;
    if (this.lines.length === this.#most)
      this.lines.push(`${INDENT.repeat(depth)}/* cut at ${this.#most} lines */`);
    return true;
  }
}

function quoted(bytes: Uint8Array): string {
  return JSON.stringify(fieldText(bytes));
}
