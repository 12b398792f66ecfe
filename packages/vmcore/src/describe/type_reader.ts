import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { fieldText } from '../bytes/text.ts';
import type { TypeId } from './btf_type.ts';
import type { KernelMemory } from './kernel_memory.ts';
import { type Place, sizeOfType } from './type_layout.ts';
import { byteArrayLength, numberLayout, readBig, readNumber } from './type_value.ts';
import type { Types } from './types.ts';

/** Fields no farther apart than this are read in one piece. */
const MOST_GAP = 256;

/** What one field of an object is wanted as. */
export interface Field<T> {
  /** Member paths, newest kernel's first: the first that this kernel has is read. */
  readonly paths: readonly string[];
  readonly compile: (types: Types, place: Place) => Decoder<T> | undefined;
  /** Whether the value is undefined, and no error, where the kernel has none of the paths. */
  readonly optional: boolean;
}

/** Reads one field: `bytes[base]` is the first byte of the object, which need not be there itself. */
interface Decoder<T> {
  /** Bytes of the object that are read. */
  readonly start: number;
  readonly end: number;
  readonly decode: (bytes: Uint8Array, base: number, address: VirtualAddress) => T;
}

/** The object that a reader returns. */
export type Read<S> = { [K in keyof S]: S[K] extends Field<infer T> ? T : never };

/** What a field gives that is read as its own type suggests. */
export type FieldValue = number | bigint | string;

function plain<T>(paths: readonly string[], compile: Field<T>['compile']): Field<T> {
  return { paths, compile, optional: false };
}

/** The ways to want a field; each takes one member path, or several where kernels differ, newest first. */
export const field = {
  /** Any integer, enum, bool or bit field; throws `bad-format` for a value beyond 2^53. */
  number: (...paths: string[]): Field<number> => plain(paths, compileNumber(readNumber)),
  /** The same, of any width, exact. */
  big: (...paths: string[]): Field<bigint> => plain(paths, compileNumber(readBig)),
  /** Not zero. */
  flag: (...paths: string[]): Field<boolean> =>
    plain(
      paths,
      compileNumber((bytes, base, layout) => readBig(bytes, base, layout) !== 0n),
    ),
  /** A pointer, or an `unsigned long` that holds an address. */
  pointer: (...paths: string[]): Field<VirtualAddress> =>
    plain(
      paths,
      compileNumber((bytes, base, layout) => readBig(bytes, base, layout) as VirtualAddress),
    ),
  /** A `char` array up to its first NUL, as UTF-8. */
  text: (...paths: string[]): Field<string> =>
    plain(paths, (types, place) => compileBytes(types, place, fieldText)),
  /** A copy of the bytes of a member of any type. */
  bytes: (...paths: string[]): Field<Uint8Array> =>
    plain(paths, (types, place) => {
      const start = Math.floor(place.bitOffset / 8);
      const end = start + sizeOfType(types.btf, place.type);
      return { start, end, decode: (bytes, base) => bytes.slice(base + start, base + end) };
    }),
  /** Where the member lies. */
  address: (...paths: string[]): Field<VirtualAddress> =>
    plain(paths, (_types, place) => {
      const start = Math.floor(place.bitOffset / 8);
      return { start, end: start, decode: (_bytes, _base, address) => addTo(address, start) };
    }),
  /** The same field, undefined where the kernel has none of the paths. */
  optional: <T>(inner: Field<T>): Field<T | undefined> => ({ ...inner, optional: true }),
};

function compileNumber<T>(
  read: (bytes: Uint8Array, base: number, layout: NonNullable<ReturnType<typeof numberLayout>>) => T,
): Field<T>['compile'] {
  return (types, place) => {
    const layout = numberLayout(types.btf, place);
    if (!layout) return undefined;
    return {
      start: layout.at,
      end: layout.at + layout.size,
      decode: (bytes, base) => read(bytes, base, layout),
    };
  };
}

function compileBytes<T>(types: Types, place: Place, read: (bytes: Uint8Array) => T): Decoder<T> | undefined {
  const length = byteArrayLength(types.btf, place);
  if (length === undefined) return undefined;
  const start = place.bitOffset / 8;
  return {
    start,
    end: start + length,
    decode: (bytes, base) => read(bytes.subarray(base + start, base + start + length)),
  };
}

/** A field as its type suggests: number, bigint where it has 8 bytes, text; else the member's address. */
function naturalField(types: Types, type: string | TypeId, path: string): Field<FieldValue> {
  const place = types.place(type, path);
  if (byteArrayLength(types.btf, place) !== undefined) return field.text(path);
  const layout = numberLayout(types.btf, place);
  if (!layout) return field.address(path);
  return layout.size === 8 ? field.big(path) : field.number(path);
}

const NOTHING = new Uint8Array(0);

interface Group {
  readonly start: number;
  end: number;
  readonly fields: { readonly name: string; readonly decode: Decoder<unknown>['decode'] }[];
}

/**
 * Compiles a reader of one type: `(memory, address) → { … }`. Offsets are looked up once; fields that lie
 * near each other are read together. Throws `not-described` when the kernel lacks the type or a field that is
 * not optional, `unsupported` when a field is of another kind than wanted; the reader itself throws what
 * reading memory throws.
 */
export function compileReader<S extends Record<string, Field<unknown>>>(
  types: Types,
  type: string | TypeId,
  spec: S,
): (memory: KernelMemory, address: VirtualAddress) => Read<S> {
  const absent: string[] = [];
  const decoders: [string, Decoder<unknown>][] = [];
  for (const [name, wanted] of Object.entries(spec)) {
    const decoder = compileField(types, type, wanted);
    if (decoder) decoders.push([name, decoder]);
    else absent.push(name);
  }
  const groups = group(decoders);
  const empty = shape(Object.keys(spec));
  return (memory, address) => {
    const out = { ...empty };
    // By number: an engine that has just started makes an object for each turn of the other loops.
    for (let n = 0; n < groups.length; n++) {
      const { start, end, fields } = groups[n] as Group;
      const bytes = end > start ? memory.read(addTo(address, start), end - start) : NOTHING;
      for (let m = 0; m < fields.length; m++) {
        const { name, decode } = fields[m] as Group['fields'][number];
        out[name] = decode(bytes, -start, address);
      }
    }
    for (let n = 0; n < absent.length; n++) out[absent[n] as string] = undefined;
    return out as Read<S>;
  };
}

/**
 * An object with these members, to be copied. V8 makes a hash table of one that gets more than a dozen one by one by
 * computed names; what JSON makes is a plain object, and so are copies of it.
 */
function shape(names: readonly string[]): Record<string, unknown> {
  return JSON.parse(JSON.stringify(Object.fromEntries(names.map((name) => [name, null]))));
}

/** The same for a list of member paths, each read as its own type suggests: for prompts and scripts. */
export function compileNaturalReader(
  types: Types,
  type: string | TypeId,
  paths: readonly string[],
): (memory: KernelMemory, address: VirtualAddress) => Record<string, FieldValue> {
  const spec: Record<string, Field<FieldValue>> = {};
  for (const path of paths) spec[path] = naturalField(types, type, path);
  return compileReader(types, type, spec);
}

function compileField(
  types: Types,
  type: string | TypeId,
  wanted: Field<unknown>,
): Decoder<unknown> | undefined {
  for (const path of wanted.paths) {
    const place = types.findPlace(type, path);
    if (!place) continue;
    const decoder = wanted.compile(types, place);
    if (decoder) return decoder;
    throw new DumpError(
      'unsupported',
      `${type}.${path} is ${types.nameOf(place.type)}: no such value can be read`,
      {
        type,
        path,
      },
    );
  }
  if (wanted.optional) return undefined;
  throw new DumpError('not-described', `The kernel has no ${type}.${wanted.paths.join(` and no ${type}.`)}`, {
    type,
    path: wanted.paths.join(),
  });
}

function group(decoders: readonly [string, Decoder<unknown>][]): Group[] {
  const sorted = [...decoders].sort((a, b) => a[1].start - b[1].start);
  const groups: Group[] = [];
  for (const [name, { start, end, decode }] of sorted) {
    const last = groups.at(-1);
    if (last && start - last.end <= MOST_GAP) {
      last.end = Math.max(last.end, end);
      last.fields.push({ name, decode });
    } else groups.push({ start, end, fields: [{ name, decode }] });
  }
  return groups;
}
