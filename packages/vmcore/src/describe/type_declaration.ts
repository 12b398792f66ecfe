import type { Btf } from './btf.ts';
import type { BtfType, StructType, TypeId } from './btf_type.ts';
import { resolveType, sizeOfType } from './type_layout.ts';

/** Deepest nesting that is printed; a damaged blob may nest for ever. */
const MOST_DEPTH = 32;
/** Longest text of one type, in lines. */
const MOST_LINES = 20_000;
/** Types that one declaration may be made of, and all those of one layout: in damaged BTF they branch for ever. */
const MOST_PARTS = 1000;
const MOST_LAYOUT_PARTS = 200_000;

/** How many more types may be looked at. */
interface Budget {
  left: number;
}

/**
 * A declaration in C: `declare(btf, id, 'handler')` gives `void (*handler)(int)`. Structs without a tag are
 * printed as `struct {…}`. Without a name, the type as a cast has it.
 */
export function declare(btf: Btf, id: TypeId, name = ''): string {
  return declarator(btf, id, name, 0, { left: MOST_PARTS });
}

function declarator(btf: Btf, id: TypeId, name: string, depth: number, budget: Budget): string {
  budget.left -= 1;
  if (depth > MOST_DEPTH || budget.left < 0) return join('…', name);
  const type = btf.type(id);
  const next = (inner: TypeId, text: string) => declarator(btf, inner, text, depth + 1, budget);
  switch (type.kind) {
    case 'ptr': {
      const target = btf.type(skipTags(btf, type.type)).kind;
      return next(type.type, target === 'array' || target === 'func_proto' ? `(*${name})` : `*${name}`);
    }
    case 'array':
      return next(type.element, `${name}[${type.length === 0 ? '' : type.length}]`);
    case 'func_proto': {
      const parameters = type.parameters.map((parameter) =>
        parameter.type === 0 ? '...' : next(parameter.type, parameter.name),
      );
      return next(type.returns, `${name}(${parameters.join(', ') || 'void'})`);
    }
    case 'const':
    case 'volatile':
    case 'restrict': {
      // A qualifier of a pointer stands after its asterisk, any other before the type.
      const qualified = btf.type(skipTags(btf, type.type)).kind === 'ptr';
      if (qualified) return next(type.type, join(type.kind, name));
      return `${type.kind} ${next(type.type, name)}`;
    }
    case 'type_tag':
    case 'decl_tag':
      return next(type.type, name);
    case 'func':
    case 'var':
      return next(type.type, join(type.name, name));
    default:
      return join(baseName(type), name);
  }
}

function join(type: string, name: string): string {
  return name === '' ? type : `${type} ${name}`;
}

/** Past the tags that C does not print. */
function skipTags(btf: Btf, id: TypeId): TypeId {
  let at = id;
  for (let step = 0; step < MOST_DEPTH; step++) {
    const type = btf.type(at);
    if (type.kind !== 'type_tag') return at;
    at = type.type;
  }
  return at;
}

function baseName(type: BtfType): string {
  switch (type.kind) {
    case 'struct':
    case 'union':
    case 'enum':
      return `${type.kind} ${type.name || '{…}'}`;
    case 'fwd':
      return `${type.of} ${type.name}`;
    case 'int':
    case 'float':
    case 'typedef':
    case 'datasec':
      return type.name;
    default:
      return type.kind;
  }
}

/**
 * A type as C writes it, with where each member lies, in bytes: offset and size, `offset:bit` and width in
 * bits for a bit field, and the holes between members. Anonymous members are printed in place.
 */
export function layoutText(btf: Btf, id: TypeId): string {
  const type = btf.type(id);
  const lines: string[] = [];
  if (type.kind === 'struct' || type.kind === 'union') {
    lines.push(`${baseName(type)} {`);
    printMembers(btf, type, 0, 1, lines, { left: MOST_LAYOUT_PARTS });
    lines.push(`}; /* ${type.size} bytes */`);
  } else if (type.kind === 'enum') {
    lines.push(`${baseName(type)} {`, ...type.values.map(({ name, value }) => `    ${name} = ${value},`));
    lines.push(`}; /* ${type.size} bytes */`);
  } else if (type.kind === 'typedef') {
    lines.push(`typedef ${declare(btf, type.type, type.name)};`);
  } else {
    lines.push(`${declare(btf, id)};`);
  }
  return `${lines.join('\n')}\n`;
}

function printMembers(
  btf: Btf,
  struct: StructType,
  base: number,
  depth: number,
  lines: string[],
  budget: Budget,
): void {
  const indent = '    '.repeat(depth);
  let end = 0;
  for (const member of struct.members) {
    if (lines.length > MOST_LINES) return;
    if (struct.kind === 'struct') printHole(end, member.bitOffset, indent, lines);
    const bits = member.bitSize || sizeInBits(btf, member.type);
    end = member.bitOffset + bits;
    const offset = base + member.bitOffset;
    const inner = untagged(btf, member.type);
    if (inner && depth < MOST_DEPTH) {
      lines.push(`${indent}${inner.kind} {`);
      printMembers(btf, inner, offset, depth + 1, lines, budget);
      lines.push(comment(`${indent}}${member.name && ` ${member.name}`};`, offset, bits, 0));
      continue;
    }
    const suffix = member.bitSize ? `:${member.bitSize}` : '';
    lines.push(
      comment(
        `${indent}${declarator(btf, member.type, member.name, 0, budget)}${suffix};`,
        offset,
        bits,
        member.bitSize,
      ),
    );
  }
  if (struct.kind === 'struct') printHole(end, struct.size * 8, indent, lines);
}

/** A struct or union that is written where it is used, since it has no tag. */
function untagged(btf: Btf, id: TypeId): StructType | undefined {
  const type = btf.type(id);
  return (type.kind === 'struct' || type.kind === 'union') && type.name === '' ? type : undefined;
}

function comment(text: string, bitOffset: number, bits: number, bitSize: number): string {
  const offset = Math.floor(bitOffset / 8);
  const place = bitSize ? `${offset}:${bitOffset % 8} ${bitSize} bits` : `${offset} ${bits / 8}`;
  return `${text.padEnd(60)} /* ${place} */`;
}

function printHole(end: number, next: number, indent: string, lines: string[]): void {
  const hole = next - end;
  if (hole <= 0) return;
  const size = hole % 8 === 0 ? `${hole / 8} bytes` : `${hole} bits`;
  lines.push(`${indent}/* ${size} unused */`);
}

function sizeInBits(btf: Btf, id: TypeId): number {
  const { type } = resolveType(btf, id);
  // A flexible array of what has no size, or a forward, takes no room.
  return type.kind === 'fwd' || type.kind === 'void' || type.kind === 'func_proto'
    ? 0
    : sizeOfType(btf, id) * 8;
}
