import { jsonInteger } from '@kcrash/report/json_text';
import { addTo, hexAddress, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { fieldText } from '@kcrash/vmcore/bytes/text';
import type { BtfType } from '@kcrash/vmcore/describe/btf_type';
import type { KernelMemory } from '@kcrash/vmcore/describe/kernel_memory';
import { type Place, resolveType, sizeOfType } from '@kcrash/vmcore/describe/type_layout';
import { byteArrayLength, numberLayout, readBig } from '@kcrash/vmcore/describe/type_value';
import type { Types } from '@kcrash/vmcore/describe/types';

/** Arrays are cut there, objects are not looked into any deeper, and an object has no more values. */
const MOST_ELEMENTS = 256;
const MOST_DEPTH = 16;
const MOST_VALUES = 20_000;

/**
 * A value of the crashed kernel for JSON: numbers, decimal strings beyond 2^53, addresses for pointers, names
 * for enumerators, text for arrays of char, objects and arrays. What cannot be read is `{ "missing": why }`.
 */
export function valueJson(
  types: Types,
  memory: KernelMemory,
  place: Place,
  address: VirtualAddress,
): unknown {
  const budget = { values: MOST_VALUES };
  const scalar = (at: Place, type: BtfType): unknown => {
    const read = (offset: number, length: number) => memory.read(addTo(address, offset), length);
    const bytes = textLength(types, at);
    if (bytes !== undefined) return fieldText(read(at.bitOffset / 8, Math.min(bytes, 4096)));
    const layout = numberLayout(types.btf, at);
    if (layout === undefined) return { missing: `a ${type.kind} has no value` };
    return numberJson(types, type, readBig(read(layout.at, layout.size), -layout.at, layout));
  };
  const value = (at: Place, depth: number): unknown => {
    budget.values -= 1;
    if (budget.values < 0 || depth > MOST_DEPTH) return { missing: 'the object is too large to print whole' };
    const { type } = resolveType(types.btf, at.type);
    try {
      if (type.kind === 'struct' || type.kind === 'union') return members(type, at.bitOffset, depth);
      if (type.kind === 'array' && textLength(types, at) === undefined) return elements(type, at, depth);
      return scalar(at, type);
    } catch (error) {
      if (error instanceof DumpError && error.code !== 'io') return { missing: error.message };
      throw error;
    }
  };
  const members = (struct: BtfType & { kind: 'struct' | 'union' }, base: number, depth: number) => {
    const out: Record<string, unknown> = {};
    for (const { name, type, bitOffset, bitSize } of struct.members) {
      const inner = value({ type, bitOffset: base + bitOffset, bitSize }, depth + 1);
      if (name !== '') out[name] = inner;
      else if (typeof inner === 'object') Object.assign(out, inner);
    }
    return out;
  };
  const elements = (array: BtfType & { kind: 'array' }, at: Place, depth: number) => {
    const bits = sizeOfType(types.btf, array.element) * 8;
    const element = (n: number) => ({ type: array.element, bitOffset: at.bitOffset + n * bits, bitSize: 0 });
    return Array.from({ length: Math.min(array.length, MOST_ELEMENTS) }, (_, n) =>
      value(element(n), depth + 1),
    );
  };
  return value(place, 0);
}

/** Bytes of an array of `char`: a text. Arrays of other types of one byte are numbers. */
function textLength(types: Types, place: Place): number | undefined {
  const { type } = resolveType(types.btf, place.type);
  const element = type.kind === 'array' ? resolveType(types.btf, type.element).type : undefined;
  return element?.kind === 'int' && element.name === 'char' ? byteArrayLength(types.btf, place) : undefined;
}

function numberJson(types: Types, type: BtfType, value: bigint): unknown {
  if (type.kind === 'ptr') return hexAddress(value);
  if (type.kind === 'enum') return types.enumeratorName(type, value) ?? jsonInteger(value);
  if (type.kind === 'int' && type.bool) return value !== 0n;
  return jsonInteger(value);
}
