import { checkRange, i16, i32, i64Big, u8, u16, u32, u64, u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Btf } from './btf.ts';
import type { BtfType } from './btf_type.ts';
import { type Place, POINTER_SIZE, resolveType } from './type_layout.ts';

/** How the bits of a number are laid out in its object. */
export interface NumberLayout {
  /** Byte of the object where reading starts. */
  readonly at: number;
  /** Bytes to read. */
  readonly size: number;
  readonly signed: boolean;
  /** Lowest bit, and width in bits, of a bit field; width 0 for a whole number. */
  readonly bit: number;
  readonly bits: number;
}

/** The layout of a place that holds a number of any kind: integer, enum, pointer, bool, bit field. */
export function numberLayout(btf: Btf, place: Place): NumberLayout | undefined {
  const { type } = resolveType(btf, place.type);
  const size = sizeOfNumber(type);
  if (size === undefined) return undefined;
  const signed = (type.kind === 'int' || type.kind === 'enum') && type.signed;
  const at = Math.floor(place.bitOffset / 8);
  const bit = place.bitOffset % 8;
  if (place.bitSize === 0) return { at, size, signed, bit: 0, bits: 0 };
  return { at, size: Math.ceil((bit + place.bitSize) / 8), signed, bit, bits: place.bitSize };
}

function sizeOfNumber(type: BtfType): number | undefined {
  if (type.kind === 'ptr') return POINTER_SIZE;
  return type.kind === 'int' || type.kind === 'enum' ? type.size : undefined;
}

/** The number as a bigint; any width. */
export function readBig(bytes: Uint8Array, base: number, layout: NumberLayout): bigint {
  const at = base + layout.at;
  if (layout.bits === 0 && layout.size === 8) return layout.signed ? i64Big(bytes, at) : u64Big(bytes, at);
  let value = 0n;
  checkRange(bytes, at, layout.size);
  for (let n = layout.size - 1; n >= 0; n--) value = (value << 8n) | BigInt(bytes[at + n] as number);
  const width = layout.bits || layout.size * 8;
  value >>= BigInt(layout.bit);
  return layout.signed ? BigInt.asIntN(width, value) : value & ((1n << BigInt(width)) - 1n);
}

/** The number as a number. Throws `bad-format` for one beyond 2^53. */
export function readNumber(bytes: Uint8Array, base: number, layout: NumberLayout): number {
  const at = base + layout.at;
  if (layout.bits !== 0) return readBits(bytes, base, layout);
  switch (layout.size) {
    case 1:
      return layout.signed ? (u8(bytes, at) << 24) >> 24 : u8(bytes, at);
    case 2:
      return layout.signed ? i16(bytes, at) : u16(bytes, at);
    case 4:
      return layout.signed ? i32(bytes, at) : u32(bytes, at);
    default:
      return layout.size === 8 && !layout.signed ? u64(bytes, at) : exact(readBig(bytes, base, layout));
  }
}

function readBits(bytes: Uint8Array, base: number, layout: NumberLayout): number {
  const { bit, bits, size } = layout;
  if (size > 4 || bit + bits > 31) return exact(readBig(bytes, base, layout));
  const at = base + layout.at;
  checkRange(bytes, at, size);
  let value = 0;
  for (let n = size - 1; n >= 0; n--) value = (value << 8) | (bytes[at + n] as number);
  const field = (value >>> bit) & ((1 << bits) - 1);
  return layout.signed ? (field << (32 - bits)) >> (32 - bits) : field;
}

function exact(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new DumpError('bad-format', `The value ${value} is beyond 2^53`);
}

/** Elements of an array of single bytes, where a place is one: a text or raw bytes. */
export function byteArrayLength(btf: Btf, place: Place): number | undefined {
  const { type } = resolveType(btf, place.type);
  if (type.kind !== 'array') return undefined;
  const element = resolveType(btf, type.element).type;
  return element.kind === 'int' && element.size === 1 ? type.length : undefined;
}
