import { describe, expect, it } from 'vitest';
import { FakeMemory } from '../../test/fake_dump.ts';
import { Vmcoreinfo } from '../describe/vmcoreinfo.ts';
import { memorySections } from './memory_map.ts';

const ROOTS = 0x1000;
const ROOT = 0x2000;
/** Where a kernel with sections of 16 bytes has its map, as `section_mem_map` holds it. */
const MAP = 0xffff_ea00_0000_0000n;

function dumpOf(fake: FakeMemory, sectionBytes = 16) {
  const text = `SYMBOL(mem_section)=${fake.at(ROOTS).toString(16)}
LENGTH(mem_section)=131072
SIZE(mem_section)=${sectionBytes}
OFFSET(mem_section.section_mem_map)=0
NUMBER(SECTION_SIZE_BITS)=27
SIZE(page)=64
`;
  const vmcoreinfo = new Vmcoreinfo(new TextEncoder().encode(text));
  return { vmcoreinfo, memory: fake.virtual, physical: fake.virtual.physical };
}

describe('sections of the memory map', () => {
  it('are those that are present and have a map, as far as the dump goes', () => {
    const fake = new FakeMemory();
    fake.number(fake.at(ROOTS), fake.at(ROOT));
    fake.number(fake.at(ROOT), MAP | 0x1fn);
    // Present, and no map.
    fake.number(fake.at(ROOT + 16), MAP | 1n);
    fake.number(fake.at(ROOT + 32), MAP | 3n);
    // Beyond the 4 GB of the machine.
    fake.number(fake.at(ROOT + 32 * 16), MAP | 3n);
    const findings: string[] = [];
    expect(memorySections(dumpOf(fake), findings)).toEqual([
      { first: 0, frames: 32768, map: MAP },
      { first: 65536, frames: 32768, map: MAP + 65536n * 64n },
    ]);
    expect(findings).toEqual([]);
  });

  it('are one part where their maps follow one another', () => {
    const fake = new FakeMemory();
    fake.number(fake.at(ROOTS), fake.at(ROOT));
    for (const n of [0, 1, 2, 4]) fake.number(fake.at(ROOT + n * 16), MAP | 3n);
    const findings: string[] = [];
    expect(memorySections(dumpOf(fake), findings)).toEqual([
      { first: 0, frames: 3 * 32768, map: MAP },
      { first: 4 * 32768, frames: 32768, map: MAP + 4n * 32768n * 64n },
    ]);
    expect(findings).toEqual([]);
  });

  it('that claim the map of others are left out, and the smaller ones of those', () => {
    const fake = new FakeMemory();
    fake.number(fake.at(ROOTS), fake.at(ROOT));
    const map = (section: number) => MAP - BigInt(section * 32768 * 64);
    fake.number(fake.at(ROOT), MAP | 3n);
    fake.number(fake.at(ROOT + 16), MAP | 3n);
    // The map of the first one, and half of that of the second.
    fake.number(fake.at(ROOT + 2 * 16), map(2) | 3n);
    fake.number(fake.at(ROOT + 3 * 16), (map(2) + 32768n * 32n) | 3n);
    const findings: string[] = [];
    expect(memorySections(dumpOf(fake), findings)).toEqual([{ first: 0, frames: 2 * 32768, map: MAP }]);
    expect(findings).toEqual([
      '2 of 3 parts of the memory map overlap others, or are more than the 64 that are read',
    ]);
  });

  it('that cannot be read are a finding', () => {
    const fake = new FakeMemory();
    fake.number(fake.at(ROOTS), 0x1234);
    const findings: string[] = [];
    expect(memorySections(dumpOf(fake), findings)).toEqual([]);
    expect(findings).toEqual(['Sections 0 and on of the memory map cannot be read']);
    expect(memorySections(dumpOf(new FakeMemory()), findings)).toEqual([]);
    expect(findings[1]).toBe('Roots 0 to 0 of the memory map cannot be read');
  });

  it('of a size that cannot be are refused', () => {
    expect(() => memorySections(dumpOf(new FakeMemory(), 0), [])).toThrow(/^Sections of 2\^27 bytes/);
  });
});
