import { type Finding, FindingBuilder } from './finding.ts';
import type { CompoundLayout, EnumLayout, Layout, LayoutMember } from './survey.ts';

/** What was compared. */
export interface LayoutCounts {
  /** Structs and unions, those without a name in others included. */
  compounds: number;
  members: number;
  bitFields: number;
  enums: number;
  enumerators: number;
  /** Arrays without a size, and arrays of arrays: what BTF writes otherwise than DWARF. */
  flexible: number;
  nested: number;
}

/**
 * Compares the layouts of a kernel's types by its BTF, as the product reads it (`found`), with those by DWARF, as
 * drgn reads it (`wanted`): sizes, every member's name, order, offset and width in bits, size and type, and every
 * enumerator. Where the kernel has several types of one name, drgn gives one of them: it must be as one of ours.
 */
export function compareLayouts(
  ours: ReadonlyMap<string, readonly Layout[]>,
  theirs: Readonly<Record<string, Layout | null>>,
): Finding & { readonly counts: LayoutCounts } {
  const finding = new FindingBuilder();
  const counts: LayoutCounts = {
    compounds: 0,
    members: 0,
    bitFields: 0,
    enums: 0,
    enumerators: 0,
    flexible: 0,
    nested: 0,
  };
  const several: string[] = [];
  const unknown: string[] = [];
  for (const [name, candidates] of ours) {
    const wanted = theirs[name];
    if (wanted === undefined || wanted === null) {
      unknown.push(name);
      continue;
    }
    if (candidates.length > 1) several.push(name);
    const [first = [], ...rest] = candidates.map((found) => layoutDifferences(name, found, wanted));
    if (first.length > 0 && rest.every((other) => other.length > 0)) finding.differences.push(...first);
    count(wanted, counts);
  }
  if (several.length > 0) {
    finding.note(
      `names of several types, of which drgn gives one: ${several.length} (${several.join(', ')})`,
    );
  }
  if (unknown.length > 0) {
    finding.note(`types that drgn does not find by their names: ${unknown.length} (${unknown.join(', ')})`);
  }
  if (counts.flexible > 0) finding.note(`flexible arrays, which BTF gives no elements: ${counts.flexible}`);
  if (counts.nested > 0) finding.note(`arrays of arrays, which BTF has as one array: ${counts.nested}`);
  return { differences: finding.differences, notes: finding.notes, counts };
}

function count(layout: Layout, counts: LayoutCounts): void {
  if (layout.kind === 'enum') {
    counts.enums += 1;
    counts.enumerators += Object.keys(layout.values ?? {}).length;
    return;
  }
  counts.compounds += 1;
  counts.members += layout.members.length;
  counts.bitFields += layout.members.filter(({ bitSize }) => bitSize > 0).length;
  for (const member of layout.members) {
    if (isFlexible(member)) counts.flexible += 1;
    if (oneArray(member.type) !== member.type) counts.nested += 1;
    if (member.inner !== null) count(member.inner, counts);
  }
}

/** What differs between two layouts of a type; nothing where they are the same. */
export function layoutDifferences(name: string, found: Layout, wanted: Layout): readonly string[] {
  const finding = new FindingBuilder();
  finding.equal(`${name}: kind`, found.kind, wanted.kind);
  finding.equal(`${name}: size`, found.size, wanted.size);
  if (found.kind === 'enum' && wanted.kind === 'enum') compareEnum(name, found, wanted, finding);
  if (found.kind !== 'enum' && wanted.kind !== 'enum') compareMembers(name, found, wanted, finding);
  return finding.differences;
}

function compareEnum(name: string, found: EnumLayout, wanted: EnumLayout, finding: FindingBuilder): void {
  const names = new Set([...Object.keys(found.values ?? {}), ...Object.keys(wanted.values ?? {})]);
  for (const each of names) finding.equal(`${name}: ${each}`, found.values?.[each], wanted.values?.[each]);
}

function compareMembers(
  name: string,
  found: CompoundLayout,
  wanted: CompoundLayout,
  finding: FindingBuilder,
): void {
  finding.equal(`${name}: number of members`, found.members.length, wanted.members.length);
  for (const [index, member] of wanted.members.entries()) {
    const place = `${name}.${member.name || `{${index}}`}`;
    const ours = found.members[index];
    if (ours === undefined || ours.name !== member.name) {
      finding.differ(place, ours === undefined ? 'none' : JSON.stringify(ours.name), 'it in this place');
      continue;
    }
    compareMember(place, ours, member, finding);
  }
}

function compareMember(
  place: string,
  found: LayoutMember,
  wanted: LayoutMember,
  finding: FindingBuilder,
): void {
  finding.equal(`${place}: offset in bits`, found.bitOffset, wanted.bitOffset);
  finding.equal(`${place}: width in bits`, found.bitSize, wanted.bitSize);
  finding.equal(`${place}: size`, found.size, isFlexible(wanted) ? 0 : wanted.size);
  finding.equal(`${place}: type`, oneSpelling(found.type), oneSpelling(oneArray(wanted.type)));
  const inner = found.inner !== null && wanted.inner !== null;
  if (inner) finding.differences.push(...layoutDifferences(place, found.inner, wanted.inner));
  else if (found.inner !== wanted.inner) {
    finding.differ(`${place}: what is in it`, wordOf(found.inner), wordOf(wanted.inner));
  }
}

function wordOf(layout: Layout | null): string {
  return layout === null ? 'nothing' : `a ${layout.kind}`;
}

function isFlexible({ type, size }: LayoutMember): boolean {
  return size === null && /^(?:const |volatile )*array of 0 /.test(type);
}

/** `array of 2 array of 3 int` as BTF has it: `array of 6 int`. */
function oneArray(type: string): string {
  const [all, outer, inner] = /array of (\d+) array of (\d+)/.exec(type) ?? [];
  if (all === undefined) return type;
  return oneArray(type.replace(all, `array of ${Number(outer) * Number(inner)}`));
}

/** `long unsigned int`, as compilers write it, is `unsigned long` to drgn. */
function oneSpelling(type: string): string {
  return type.replace(
    /\b(?:unsigned|signed|long|short|int|char)\b(?: (?:unsigned|signed|long|short|int|char)\b)*/g,
    (words) => {
      const all = words.split(' ');
      const rest = all.length > 1 && !all.includes('char') ? all.filter((word) => word !== 'int') : all;
      return rest.sort().join(' ');
    },
  );
}
