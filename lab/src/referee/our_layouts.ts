import type { Btf } from '@kcrash/vmcore/describe/btf';
import type {
  BtfType,
  EnumType,
  Member,
  ReferenceType,
  StructType,
  TypedefType,
  TypeId,
} from '@kcrash/vmcore/describe/btf_type';
import { namedMembers, resolveType, sizeOfType } from '@kcrash/vmcore/describe/type_layout';
import type { CompoundLayout, Layout, LayoutMember } from './survey.ts';

/** The types of a kernel as its own BTF has them, read by the product. */
export interface OurLayouts {
  /** By name as drgn is asked for it; several where different types have one name. */
  readonly byName: ReadonlyMap<string, readonly Layout[]>;
  /** Structs and unions of the BTF, and how many of them no name leads to: only code uses them. */
  readonly compounds: number;
  readonly unreached: number;
}

/** All structs, unions and enums that a name leads to: a tag, a typedef, or a member of one of these. */
export function ourLayouts(btf: Btf): OurLayouts {
  const byName = new Map<string, Layout[]>();
  const reached = new Set<TypeId>();
  const add = (name: string, id: TypeId) => {
    const layout = layoutOf(btf, id, reached);
    if (layout !== null) byName.set(name, [...(byName.get(name) ?? []), layout]);
  };
  for (const kind of ['struct', 'union', 'enum'] as const) {
    for (const id of btf.ofKind(kind)) {
      const type = btf.type(id) as StructType | EnumType;
      if (type.name !== '') add(`${kind} ${type.name}`, id);
    }
  }
  for (const id of btf.ofKind('typedef')) {
    const type = btf.type(id);
    if (type.kind !== 'typedef') continue;
    const target = btf.type(type.type);
    if ('name' in target && target.name === '') add(type.name, type.type);
  }
  const compounds = [...btf.ofKind('struct'), ...btf.ofKind('union')];
  return {
    byName,
    compounds: compounds.length,
    unreached: compounds.filter((id) => !reached.has(id)).length,
  };
}

function layoutOf(btf: Btf, id: TypeId, reached: Set<TypeId>): Layout | null {
  const type = btf.type(id);
  if (type.kind === 'enum') {
    const values = Object.fromEntries(type.values.map(({ name, value }) => [name, String(value)]));
    return { kind: 'enum', size: type.size, values };
  }
  return type.kind === 'struct' || type.kind === 'union' ? compound(btf, id, type, reached) : null;
}

function compound(btf: Btf, id: TypeId, type: StructType, reached: Set<TypeId>): CompoundLayout {
  reached.add(id);
  const places = namedMembers(btf, id);
  const members = type.members.map((member): LayoutMember => {
    // What the product reads members by; anonymous ones have no place of their own.
    const { bitOffset, bitSize } = places.get(member.name) ?? member;
    return {
      name: member.name,
      bitOffset,
      bitSize,
      type: typeWords(btf, member.type),
      size: sizeOrNull(btf, member),
      inner: nameless(btf, member.type, reached),
    };
  });
  return { kind: type.kind, size: type.size, members };
}

function sizeOrNull(btf: Btf, { type }: Member): number | null {
  const { kind } = resolveType(btf, type).type;
  return kind === 'void' || kind === 'fwd' || kind === 'func_proto' ? null : sizeOfType(btf, type);
}

function nameless(btf: Btf, id: TypeId, reached: Set<TypeId>): Layout | null {
  let at = id;
  for (;;) {
    const type = btf.type(at);
    if (type.kind === 'array') at = type.element;
    else if (type.kind === 'ptr' || isQualifier(type)) at = type.type;
    else
      return (type.kind === 'struct' || type.kind === 'union') && type.name === ''
        ? compound(btf, at, type, reached)
        : null;
  }
}

/** A type in words, its qualifiers in alphabetical order: `array of 2 pointer to const char`. */
function typeWords(btf: Btf, id: TypeId): string {
  const qualifiers: string[] = [];
  let type = btf.type(id);
  while (isQualifier(type)) {
    if (type.kind === 'const' || type.kind === 'volatile') qualifiers.push(type.kind);
    type = btf.type(type.type);
  }
  return [...qualifiers.sort(), plainWords(btf, type)].join(' ');
}

function plainWords(btf: Btf, type: BtfType): string {
  switch (type.kind) {
    case 'ptr':
      return `pointer to ${typeWords(btf, type.type)}`;
    case 'array':
      return `array of ${type.length} ${typeWords(btf, type.element)}`;
    case 'struct':
    case 'union':
    case 'enum':
      return `${type.kind} ${type.name || '{}'}`;
    case 'fwd':
      return `${type.of} ${type.name}`;
    case 'func_proto':
      return 'function';
    default:
      return 'name' in type ? type.name : type.kind;
  }
}

function isQualifier(type: BtfType): type is ReferenceType | TypedefType {
  return ['const', 'volatile', 'restrict', 'type_tag'].includes(type.kind);
}
