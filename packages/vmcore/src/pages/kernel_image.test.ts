import { expect, it } from 'vitest';
import { smallPages } from '../../test/small_pages.ts';
import { VirtualMemory } from '../arch/virtual_memory.ts';
import { KERNEL_MAP } from '../arch/x86_64/page_table.ts';
import { virtualAddress } from '../bytes/address.ts';
import { joinHalves } from '../bytes/cursor.ts';
import { ClassMap } from './class_map.ts';
import type { Classification } from './classification.ts';
import { classifyImage } from './kernel_image.ts';
import { classAt, classIndex, type PageClass } from './page_class.ts';

const PAGE = 4096;
/** The image begins so far behind `KERNEL_MAP`: two pages of code, two of constants, two of other data. */
const START = 0x1000n;
const FRAMES = [5, 6, 7, 8, 9, 10];

/** What the frames of an image are whose memory map says `was` of them; it lies at frame 5. */
function classified(was: readonly PageClass[], physicalBase: bigint) {
  const at = (page: number) => virtualAddress(KERNEL_MAP + START + BigInt(page * PAGE));
  const symbols: Readonly<Record<string, bigint>> = {
    _stext: at(0),
    __start_rodata: at(2),
    __end_rodata: at(4),
    _end: at(6),
  };
  const physical = { pageSize: PAGE, frameLimit: 64, page: () => 'excluded' as const, nextHeld: () => 64 };
  const translate = (high: number, low: number) =>
    Number(joinHalves(high, low) - KERNEL_MAP - START) + 5 * PAGE;
  const classes = new ClassMap();
  classes.cover(0);
  for (const [n, name] of was.entries()) classes.set(5 + n, classIndex(name));
  const findings: string[] = [];
  const find = (name: string) => symbols[name];
  const dump = {
    physical,
    memory: new VirtualMemory(physical, smallPages(translate)),
    vmcoreinfo: {
      findSymbol: find,
      findNumber: (name: string) => (name === 'phys_base' ? physicalBase : undefined),
    },
    findVariable: find,
    variable: find,
    description: { kallsyms: { codeRanges: () => [{ start: at(0), end: at(2) }] } },
  };
  classifyImage({ dump, classes, findings } as unknown as Classification);
  return { names: FRAMES.map((frame) => classAt(classes.get(frame)).name), findings };
}

/** With this `phys_base` the image lies where the page tables say. */
const AGREES = BigInt(5 * PAGE) - START;

it('names the code and the data of the image', () => {
  const { names, findings } = classified(Array(6).fill('reserved'), AGREES);
  const data = Array(4).fill('kernel data');
  expect(names).toEqual(['kernel code', 'kernel code', ...data]);
  expect(findings).toEqual([]);
});

it('keeps code and constants that the memory map gives to another, by symbols and page tables', () => {
  const was: PageClass[] = ['anonymous', 'reserved', 'page cache', 'free', 'anonymous', 'reserved'];
  const { names, findings } = classified(was, AGREES);
  // What lies between symbols that nobody names was perhaps given to the allocator.
  expect(names).toEqual([
    ...['kernel code', 'kernel code', 'kernel data', 'kernel data'],
    ...['anonymous', 'kernel data'],
  ]);
  expect(findings).toEqual([
    "3 pages of the kernel image are another's by the memory map, and kept all the same",
  ]);
});

it('goes by the memory map where phys_base and page tables do not agree', () => {
  const was: PageClass[] = ['anonymous', 'reserved', 'page cache', 'free', 'anonymous', 'reserved'];
  const { names } = classified(was, AGREES + 0x100_0000n);
  expect(names).toEqual(['anonymous', 'kernel code', 'page cache', 'free', 'anonymous', 'kernel data']);
});
