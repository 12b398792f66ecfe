import { QuestionError } from '@kcrash/report/explore/question_error';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { BtfType, StructType, TypeId } from '@kcrash/vmcore/describe/btf_type';
import { declare } from '@kcrash/vmcore/describe/type_declaration';
import { resolveType, sizeOfType } from '@kcrash/vmcore/describe/type_layout';
import type { Types } from '@kcrash/vmcore/describe/types';
import type { Dump } from '@kcrash/vmcore/dump';
import type { Found, FoundType, LayoutAnswer, LayoutLine } from '../protocol.ts';

/** So many names are told, and lines of one type; structs without a tag are told so deep. */
const MOST_NAMES = 400;
const MOST_LINES = 4000;
const MOST_DEPTH = 16;

/** Names of all types that have one, found once: a pass over 100,000 types. */
const names = new WeakMap<Dump, readonly string[]>();

function typeNames(dump: Dump): readonly string[] {
  const known = names.get(dump);
  if (known !== undefined) return known;
  const { btf } = dump.types;
  const found = new Set<string>();
  for (const kind of ['struct', 'union', 'enum', 'typedef'] as const) {
    for (const id of btf.ofKind(kind)) {
      const type = btf.type(id);
      const name = 'name' in type ? type.name : '';
      if (name !== '') found.add(kind === 'typedef' ? name : `${kind} ${name}`);
    }
  }
  const all = [...found];
  names.set(dump, all);
  return all;
}

/** Types whose names have the words in them, those that begin so first. */
export function findTypes(dump: Dump, query: string): Found<FoundType> {
  const words = query.trim().toLowerCase();
  const ranked = typeNames(dump).flatMap((name) => {
    const bare = name.replace(/^\w+ /, '').toLowerCase();
    if (bare === words || name.toLowerCase() === words) return { name, rank: 0 };
    if (bare.startsWith(words)) return { name, rank: 1 };
    return name.toLowerCase().includes(words) ? { name, rank: 2 } : [];
  });
  ranked.sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  return {
    items: ranked
      .slice(0, MOST_NAMES)
      .map(({ name }) => ({ name, size: sizeOf(dump.types, dump.types.findId(name)) })),
    left: Math.max(0, ranked.length - MOST_NAMES),
  };
}

/** A type's members with their places, and the holes between them. Throws `QuestionError` where there is no such type. */
export function layoutOf(dump: Dump, name: string): LayoutAnswer {
  const { types } = dump;
  const id = types.findId(name.trim());
  if (id === undefined) throw new QuestionError('no-type', `The kernel has no type ${name}`);
  const lines: LayoutLine[] = [];
  const { type } = resolveType(types.btf, id);
  if (type.kind === 'struct' || type.kind === 'union') members(types, type, 0, 0, lines);
  else if (type.kind === 'enum') {
    for (const value of type.values) lines.push(plain(0, `${value.name} = ${value.value}`));
  }
  const named = types.btf.type(id);
  const heading =
    named.kind === 'typedef' ? `typedef ${declare(types.btf, named.type, named.name)}` : types.nameOf(id);
  return { name: heading, size: sizeOf(types, id), lines };
}

function members(types: Types, struct: StructType, base: number, depth: number, lines: LayoutLine[]): void {
  let end = 0;
  for (const member of struct.members) {
    if (lines.length >= MOST_LINES) return;
    if (struct.kind === 'struct') hole(end, member.bitOffset, base, depth, lines);
    const size = sizeOf(types, member.type);
    end = member.bitOffset + (member.bitSize || (size ?? 0) * 8);
    const at = base + member.bitOffset;
    const inner = resolveType(types.btf, member.type).type;
    const untagged =
      (inner.kind === 'struct' || inner.kind === 'union') && inner.name === '' ? inner : undefined;
    const text =
      untagged === undefined || depth >= MOST_DEPTH
        ? declare(types.btf, member.type, member.name)
        : `${untagged.kind}${member.name === '' ? '' : ` ${member.name}`}`;
    lines.push({
      depth,
      offset: Math.floor(at / 8),
      bits: member.bitSize === 0 ? null : [at % 8, member.bitSize],
      size: member.bitSize === 0 ? size : null,
      text,
      type: untagged === undefined ? namedType(types, member.type) : null,
      hole: false,
    });
    if (untagged !== undefined && depth < MOST_DEPTH) members(types, untagged, at, depth + 1, lines);
  }
  if (struct.kind === 'struct') hole(end, struct.size * 8, base, depth, lines);
}

function hole(end: number, next: number, base: number, depth: number, lines: LayoutLine[]): void {
  const bits = next - end;
  if (bits <= 0) return;
  const text = bits % 8 === 0 ? `${bits / 8} bytes unused` : `${bits} bits unused`;
  lines.push({ ...plain(depth, text), offset: Math.floor((base + end) / 8), hole: true });
}

function plain(depth: number, text: string): LayoutLine {
  return { depth, offset: null, bits: null, size: null, text, type: null, hole: false };
}

/** The type with a name that a member is made of: behind pointers, arrays and qualifiers. */
function namedType(types: Types, id: TypeId): string | null {
  let at = id;
  for (let step = 0; step < MOST_DEPTH; step++) {
    const type: BtfType = types.btf.type(at);
    if (type.kind === 'struct' || type.kind === 'union' || type.kind === 'enum') {
      return type.name === '' ? null : `${type.kind} ${type.name}`;
    }
    if (type.kind === 'array') at = type.element;
    else if (type.kind === 'typedef') return type.name;
    else if ('type' in type && type.kind !== 'func') at = type.type;
    else return null;
  }
  return null;
}

/** C `sizeof`; null for what has none. */
function sizeOf(types: Types, id: TypeId | undefined): number | null {
  if (id === undefined) return null;
  try {
    return sizeOfType(types.btf, id);
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return null;
    throw error;
  }
}
