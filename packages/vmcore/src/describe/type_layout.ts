import { DumpError } from '../bytes/errors.ts';
import type { Btf } from './btf.ts';
import type { BtfType, StructType, TypeId } from './btf_type.ts';

/** Bytes of a pointer on every architecture that this library reads. */
export const POINTER_SIZE = 8;

/** Longest chain of typedefs and qualifiers that is followed. */
const MOST_STEPS = 64;
/** Most anonymous structs and unions in one, and how deep they may nest. The kernel has some dozens, three deep. */
const MOST_NESTED = 1000;
const MOST_DEPTH = 32;
/** Most members in one struct and those nested in it. */
const MOST_MEMBERS = 200_000;
/** No object of a kernel is larger; a size from a damaged blob may be. */
const MOST_BYTES = 2 ** 40;

/** Where a value lies in its object. */
export interface Place {
  readonly type: TypeId;
  /** Bits from the start of the object. */
  readonly bitOffset: number;
  /** Width in bits of a bit field, 0 for any other value. */
  readonly bitSize: number;
}

/** What remains of a type when its typedefs, qualifiers and tags are taken off, and its number. */
export interface Resolved {
  readonly id: TypeId;
  readonly type: BtfType;
}

function notDescribed(message: string, where: Record<string, number | string>): DumpError {
  return new DumpError('not-described', message, where);
}

/** Follows typedefs, qualifiers, type tags and variables. Throws `runaway` for a chain without an end. */
export function resolveType(btf: Btf, id: TypeId): Resolved {
  let at = id;
  for (let step = 0; step < MOST_STEPS; step++) {
    const type = btf.type(at);
    switch (type.kind) {
      case 'typedef':
      case 'type_tag':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'var':
      case 'decl_tag':
        at = type.type;
        break;
      default:
        return { id: at, type };
    }
  }
  throw new DumpError('runaway', `BTF: type ${id} has over ${MOST_STEPS} typedefs and qualifiers`, {
    type: id,
  });
}

/** C `sizeof`, in bytes. Throws `not-described` for what has no size: `void`, a function, a forward. */
export function sizeOfType(btf: Btf, id: TypeId): number {
  let count = 1;
  let at = id;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { type, id: resolved } = resolveType(btf, at);
    if (type.kind === 'array') {
      count *= type.length;
      at = type.element;
      if (count > MOST_BYTES) break;
      continue;
    }
    const size = count * sizeOfOne(type, resolved);
    if (size > MOST_BYTES) break;
    return size;
  }
  throw new DumpError('bad-format', `BTF: type ${id} is an array of more than 2^40 bytes`, { type: id });
}

function sizeOfOne(type: BtfType, id: TypeId): number {
  switch (type.kind) {
    case 'int':
    case 'float':
    case 'enum':
    case 'struct':
    case 'union':
    case 'datasec':
      return type.size;
    case 'ptr':
      return POINTER_SIZE;
    default: {
      const name = 'name' in type ? ` ${type.name}` : '';
      throw notDescribed(`BTF: ${type.kind}${name} has no size`, { type: id });
    }
  }
}

/**
 * Every member that C reaches by one name: the struct's own, and those of its anonymous structs and unions.
 * Of two of one name the first counts.
 */
export function namedMembers(btf: Btf, id: TypeId): ReadonlyMap<string, Place> {
  const { type } = resolveType(btf, id);
  if (type.kind !== 'struct' && type.kind !== 'union') {
    throw notDescribed(`BTF: type ${id} is of kind ${type.kind}, which has no members`, { type: id });
  }
  const found = { members: new Map<string, Place>(), structs: 0, seen: 0 };
  collect(btf, type, 0, 0, found);
  return found.members;
}

function collect(
  btf: Btf,
  struct: StructType,
  base: number,
  depth: number,
  found: { readonly members: Map<string, Place>; structs: number; seen: number },
): void {
  // In a damaged blob a struct may hold itself, or hold twice one that holds twice another, and so on.
  found.structs += 1;
  found.seen += struct.members.length;
  if (depth > MOST_DEPTH || found.structs > MOST_NESTED || found.seen > MOST_MEMBERS) {
    throw new DumpError('runaway', `BTF: ${struct.kind} ${struct.name} has too many nested in it`);
  }
  for (const member of struct.members) {
    const bitOffset = base + member.bitOffset;
    if (member.name !== '') {
      const { members } = found;
      if (!members.has(member.name))
        members.set(member.name, placeOf(btf, member.type, bitOffset, member.bitSize));
      continue;
    }
    const inner = resolveType(btf, member.type).type;
    if (inner.kind === 'struct' || inner.kind === 'union') collect(btf, inner, bitOffset, depth + 1, found);
  }
}

/** A member's place; old writers say a bit field's width in its `int` type. */
function placeOf(btf: Btf, type: TypeId, bitOffset: number, bitSize: number): Place {
  if (bitSize !== 0) return { type, bitOffset, bitSize };
  const resolved = resolveType(btf, type).type;
  if (resolved.kind === 'int' && (resolved.bitOffset !== 0 || resolved.bits !== resolved.size * 8)) {
    if (!resolved.bool) return { type, bitOffset: bitOffset + resolved.bitOffset, bitSize: resolved.bits };
  }
  return { type, bitOffset, bitSize };
}

/** One step of a member path: a name, or the index of an array's element. */
type Step = string | number;

/** Splits `a.b[2].c`; an index may follow an index. Throws `not-described` for anything else. */
export function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /([A-Za-z_$][\w$]*)|\[(\d{1,9})\]|(\.)/gy;
  let afterDot = true;
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(path);
    const wellPlaced = match && (match[1] !== undefined ? afterDot : steps.length > 0 && !afterDot);
    if (!match || !wellPlaced) {
      throw notDescribed(`"${path}" is no member path: unexpected "${path.slice(at, at + 1)}" at ${at}`, {
        path,
      });
    }
    if (match[1] !== undefined) steps.push(match[1]);
    else if (match[2] !== undefined) steps.push(Number(match[2]));
    afterDot = match[3] !== undefined;
  }
  if (afterDot) throw notDescribed(`"${path}" is no member path: a name is missing at its end`, { path });
  return steps;
}
