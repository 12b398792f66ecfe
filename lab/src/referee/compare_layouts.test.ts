import { Btf } from '@kcrash/vmcore/describe/btf';
import { describe, expect, test } from 'vitest';
import { BtfWriter } from '../../../packages/vmcore/test/btf_writer.ts';
import { compareLayouts, layoutDifferences } from './compare_layouts.ts';
import { ourLayouts } from './our_layouts.ts';
import type { CompoundLayout, LayoutMember } from './survey.ts';

/** `struct s { int a : 3, b : 5; struct { char *p; } u; const long m[2][3]; char rest[]; }`, and enum e. */
function kernel(): Btf {
  const w = new BtfWriter();
  const int = w.int('int', 4, 1);
  const long = w.int('long int', 8, 1);
  const char = w.int('char', 1, 0);
  const inner = w.struct('', 8, [{ name: 'p', type: w.ptr(char), value: 0 }]);
  const elements = w.array(w.record(10, '', 0, long), 6, int);
  w.struct('s', 64, [
    { name: 'a', type: int, value: 0, bitSize: 3 },
    { name: 'b', type: int, value: 3, bitSize: 5 },
    { name: 'u', type: inner, value: 64 },
    { name: 'm', type: elements, value: 128 },
    { name: 'rest', type: w.array(char, 0, int), value: 512 },
  ]);
  w.enum('e', [['minus', -1]], true);
  w.typedef('t', w.union('', 4, [{ name: 'x', type: int, value: 0 }]));
  // Of a local variable: nothing else leads to it.
  w.struct('', 4, [{ name: 'local', type: int, value: 0 }]);
  return Btf.of(w.bytes());
}

function member(
  name: string,
  bitOffset: number,
  type: string,
  size: number | null,
  bitSize = 0,
): LayoutMember {
  return { name, bitOffset, bitSize, type, size, inner: null };
}

/** The same by DWARF, as drgn_survey.py writes it. */
const S: CompoundLayout = {
  kind: 'struct',
  size: 64,
  members: [
    member('a', 0, 'int', 4, 3),
    member('b', 3, 'int', 4, 5),
    {
      ...member('u', 64, 'struct {}', 8),
      inner: { kind: 'struct', size: 8, members: [member('p', 0, 'pointer to char', 8)] },
    },
    member('m', 128, 'array of 2 array of 3 const long', 48),
    member('rest', 512, 'array of 0 char', null),
  ],
};
const E = { kind: 'enum', size: 4, values: { minus: '-1' } } as const;
const T: CompoundLayout = { kind: 'union', size: 4, members: [member('x', 0, 'int', 4)] };

function changed(index: number, change: Partial<LayoutMember>): CompoundLayout {
  return { ...S, members: S.members.map((each, i) => (i === index ? { ...each, ...change } : each)) };
}

describe('layouts by BTF against those by DWARF', () => {
  const ours = ourLayouts(kernel());
  const differences = (s: CompoundLayout) =>
    compareLayouts(ours.byName, { 'struct s': s, 'enum e': E, t: T }).differences;

  test('agree, and what BTF writes otherwise is noted', () => {
    const { differences, notes, counts } = compareLayouts(ours.byName, { 'struct s': S, 'enum e': E, t: T });
    expect(differences).toEqual([]);
    expect(counts).toEqual({
      compounds: 3,
      members: 7,
      bitFields: 2,
      enums: 1,
      enumerators: 1,
      flexible: 1,
      nested: 1,
    });
    expect(notes).toHaveLength(2);
    expect(ours).toMatchObject({ compounds: 4, unreached: 1 });
  });

  test.each([
    ['an offset', changed(3, { bitOffset: 192 }), 'struct s.m: offset in bits: found 128, wanted 192'],
    ['a bit', changed(1, { bitOffset: 4 }), 'struct s.b: offset in bits: found 3, wanted 4'],
    ['a width', changed(0, { bitSize: 4 }), 'struct s.a: width in bits: found 3, wanted 4'],
    ['a size', changed(3, { size: 40 }), 'struct s.m: size: found 48, wanted 40'],
    ['a type', changed(0, { type: 'unsigned int' }), 'struct s.a: type: found "int", wanted "unsigned"'],
    [
      'a number of elements',
      changed(3, { type: 'array of 2 array of 4 const long' }),
      /array of 6.*array of 8/,
    ],
    ['a name', changed(0, { name: 'c' }), 'struct s.c: found "a", wanted it in this place'],
    ['an end', changed(4, { size: 1 }), 'struct s.rest: size: found 0, wanted 1'],
    ['a whole', { ...S, size: 72 }, 'struct s: size: found 64, wanted 72'],
    ['a kind', { ...S, kind: 'union' as const }, 'struct s: kind: found "struct", wanted "union"'],
    ['the inside', changed(2, { inner: T }), 'struct s.u: kind: found "struct", wanted "union"'],
    ['no inside', changed(2, { inner: null }), 'struct s.u: what is in it: found a struct, wanted nothing'],
    [
      'more members',
      { ...S, members: [...S.members, member('z', 512, 'int', 4)] },
      /members: found 5, wanted 6/,
    ],
    ['fewer members', { ...S, members: S.members.slice(1) }, /members: found 5, wanted 4/],
  ])('another in the debug info is found: %s', (_, wanted, words) => {
    expect(differences(wanted).join('\n')).toMatch(words);
  });

  test('an enumerator that is another, or missing, is found', () => {
    const other = { ...E, values: { minus: '1', plus: '2' } };
    expect(layoutDifferences('enum e', E, other)).toEqual([
      'enum e: minus: found "-1", wanted "1"',
      'enum e: plus: found undefined, wanted "2"',
    ]);
  });

  test('of several types of one name, one must be as drgn has it', () => {
    const several = new Map([['struct s', [T, ...(ours.byName.get('struct s') ?? [])]]]);
    expect(compareLayouts(several, { 'struct s': S }).differences).toEqual([]);
    expect(compareLayouts(several, { 'struct s': changed(0, { bitOffset: 1 }) }).differences).not.toEqual([]);
  });

  test('types that drgn does not know are named', () => {
    const { notes, counts } = compareLayouts(ours.byName, { 'enum e': E, t: null });
    expect(notes).toEqual(['types that drgn does not find by their names: 2 (struct s, t)']);
    expect(counts.compounds).toBe(0);
  });
});
