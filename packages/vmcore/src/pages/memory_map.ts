import { addTo, type Frame, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Dump } from '../dump.ts';

/**
 * A part of the memory map: the struct pages of consecutive frames. Sections that follow one another and have their
 * maps one behind another are one part, so that it holds blocks of pages whole.
 */
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
/** A kernel with one virtual map has a part for each hole in its memory. */
const MOST_PARTS = 64;
/** Roots read at once. */
const ROOTS = 512;

/**
 * The sections of `CONFIG_SPARSEMEM_EXTREME`, ascending. Sections above what the dump knows of are left out, and so
 * are those whose map is another's too, which is told. Throws `not-described` where VMCOREINFO does not tell where they
 * are.
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
      if (first < physical.frameLimit) addSection(sections, { first, frames, map }, pageBytes);
    }
  }
  return withoutOverlaps(sections, pageBytes, findings);
}

/** Adds a section to the part that it continues, if it does. */
function addSection(parts: MapSection[], section: MapSection, pageBytes: number): void {
  const last = parts.at(-1);
  const follows =
    last !== undefined &&
    last.first + last.frames === section.first &&
    last.map + BigInt(last.frames * pageBytes) === section.map;
  if (follows) parts[parts.length - 1] = { ...last, frames: last.frames + section.frames };
  else parts.push(section);
}

/** Of parts that claim the same addresses the largest keeps them. */
function withoutOverlaps(parts: readonly MapSection[], pageBytes: number, findings: string[]): MapSection[] {
  const endOf = ({ map, frames }: MapSection) => map + BigInt(frames * pageBytes);
  const kept: MapSection[] = [];
  const bySize = [...parts].sort((a, b) => b.frames - a.frames);
  for (const part of bySize.slice(0, MOST_PARTS)) {
    if (kept.every((other) => part.map >= endOf(other) || endOf(part) <= other.map)) kept.push(part);
  }
  if (kept.length < parts.length) {
    const what = `overlap others, or are more than the ${MOST_PARTS} that are read`;
    findings.push(`${parts.length - kept.length} of ${parts.length} parts of the memory map ${what}`);
  }
  return kept.sort((a, b) => a.first - b.first);
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
