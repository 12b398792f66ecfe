import { addTo, type Frame, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Dump } from '../dump.ts';

/** A part of the memory map: the struct pages of consecutive frames. */
export interface MapSection {
  readonly first: Frame;
  readonly frames: number;
  /** Where the struct page of the first frame lies. */
  readonly map: VirtualAddress;
}

type MapOwner = Pick<Dump, 'vmcoreinfo' | 'memory' | 'physical'>;

/** What `section_mem_map` has in its low bits: the section is present, and has a map. */
const PRESENT_WITH_MAP = 3n;
/** Those bits, and more that come and go. A map starts on a page. */
const FLAGS = 0xfffn;
/** Sections of 128 MB: 64 TB of memory. */
const MOST_SECTIONS = 1 << 19;
/** Roots read at once. */
const ROOTS = 512;

/**
 * The sections of `CONFIG_SPARSEMEM_EXTREME`, ascending. Sections above what the dump knows of are left out.
 * Throws `not-described` where VMCOREINFO does not tell where they are.
 */
export function memorySections(dump: MapOwner, findings: string[]): MapSection[] {
  const { vmcoreinfo, memory, physical } = dump;
  const root = vmcoreinfo.symbol('mem_section');
  const size = vmcoreinfo.size('mem_section');
  const mapAt = vmcoreinfo.offset('mem_section.section_mem_map');
  const bits = Number(vmcoreinfo.number('SECTION_SIZE_BITS'));
  const pageSize = physical.pageSize;
  if (!(bits > 12 && bits < 40 && size >= 8 && size <= pageSize && mapAt + 8 <= size)) {
    throw new DumpError('bad-format', `Sections of 2^${bits} bytes described in ${size} bytes cannot be`);
  }
  const frames = 2 ** bits / pageSize;
  const perRoot = Math.floor(pageSize / size);
  const pageBytes = vmcoreinfo.size('page');
  const wanted = Math.min(
    vmcoreinfo.length('mem_section'),
    Math.ceil(physical.frameLimit / frames / perRoot),
    Math.ceil(MOST_SECTIONS / perRoot),
  );
  const sections: MapSection[] = [];
  for (const [index, at] of rootsOf(dump, root, wanted, findings)) {
    const bytes = memory.tryRead(at, perRoot * size);
    if (bytes === undefined) {
      findings.push(`Sections ${index * perRoot} and on of the memory map cannot be read`);
      continue;
    }
    for (let n = 0; n < perRoot; n++) {
      const word = u64Big(bytes, n * size + mapAt);
      if ((word & PRESENT_WITH_MAP) !== PRESENT_WITH_MAP) continue;
      const first = (index * perRoot + n) * frames;
      // The kernel stores the map less what the section's first frame would add.
      const map = addTo(virtualAddress(word & ~FLAGS), first * pageBytes);
      if (first < physical.frameLimit) sections.push({ first, frames, map });
    }
  }
  return sections;
}

/** Pointers to the roots that are there, with their number. */
function rootsOf(
  dump: MapOwner,
  table: VirtualAddress,
  count: number,
  findings: string[],
): [number, VirtualAddress][] {
  const roots: [number, VirtualAddress][] = [];
  for (let first = 0; first < count; first += ROOTS) {
    const length = Math.min(ROOTS, count - first);
    const bytes = dump.memory.tryRead(addTo(table, first * 8), length * 8);
    if (bytes === undefined) {
      findings.push(`Roots ${first} to ${first + length - 1} of the memory map cannot be read`);
      continue;
    }
    for (let n = 0; n < length; n++) {
      const at = virtualAddress(u64Big(bytes, n * 8));
      if (at !== 0n) roots.push([first + n, at]);
    }
  }
  return roots;
}
