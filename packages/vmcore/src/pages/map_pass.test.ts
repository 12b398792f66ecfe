import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemorySource } from '../../test/memory_source.ts';
import { flagOf, pageLayoutWith, TYPES_BY_BYTE } from '../../test/page_layouts.ts';
import { VirtualMemory } from '../arch/virtual_memory.ts';
import { virtualAddress } from '../bytes/address.ts';
import { joinHalves } from '../bytes/cursor.ts';
import type { Stretch } from '../physical_memory.ts';
import { ClassMap } from './class_map.ts';
import { passOverMap } from './map_pass.ts';

const MAP = 0xffff_ea00_0000_0000n;
const PAGE = 4096;
const PER_PAGE = 64;
const LAYOUT = pageLayoutWith(TYPES_BY_BYTE, undefined);
/** Pages of one large page, of the map, and of memory. */
const LARGE = 32;
const MAP_PAGES = 3 * LARGE;
const FRAMES = 8 * LARGE;

/** Memory full of struct pages, of which a piece in the middle is not in the dump. */
function memoryOf(marks: readonly { at: number; flags: number }[], hole: number, isPlain: boolean) {
  const words = new Uint32Array((FRAMES * PAGE) / 4);
  for (let n = 0; n < FRAMES * PER_PAGE; n++) words.set([0xffff_ffff, 1], n * 16 + LAYOUT.mapcount);
  for (const { at, flags } of marks) words[at * 16 + LAYOUT.flags] = flags;
  const bytes = new Uint8Array(words.buffer);
  const isHeld = (frame: number) => frame < hole || frame >= hole + 5;
  const source = new MemorySource(bytes);
  const stretch = (frame: number): Stretch =>
    isHeld(frame)
      ? {
          end: frame < hole ? Math.min(hole, FRAMES) : FRAMES,
          state: 'held',
          plain: { source, offset: frame * PAGE },
        }
      : { end: Math.min(hole + 5, FRAMES), state: 'excluded' };
  return {
    pageSize: PAGE,
    frameLimit: FRAMES,
    page: (frame: number) =>
      isHeld(frame) ? bytes.subarray(frame * PAGE, (frame + 1) * PAGE) : ('excluded' as const),
    nextHeld: (frame: number) => (isHeld(frame) ? frame : hole + 5),
    ...(isPlain ? { stretch } : {}),
  };
}

it('says the same of a map that it reads many pages at a time of, and page by page', () => {
  const mark = fc.record({
    at: fc.nat(FRAMES * PER_PAGE - 1),
    flags: fc.constantFrom(
      ...(['PG_reserved', 'PG_slab', 'PG_lru', 'PG_swapbacked', 'PG_hwpoison'] as const).map(flagOf),
    ),
  });
  fc.assert(
    fc.property(
      fc.array(mark, { maxLength: 60 }),
      // Where each large page of the map lies; the same place may come again.
      fc.array(fc.nat(FRAMES / LARGE - 1), { minLength: 3, maxLength: 3 }),
      fc.nat(FRAMES - 1),
      fc.integer({ min: 1, max: MAP_PAGES * PER_PAGE }),
      (marks, places, hole, frames) => {
        const results = [false, true].map((isPlain) => {
          const physical = memoryOf(marks, hole, isPlain);
          const memory = new VirtualMemory(physical, {
            translate: (high, low) => {
              const at = Number(joinHalves(high, low) - MAP);
              const large = places[Math.floor(at / (LARGE * PAGE))] ?? 0;
              return large * LARGE * PAGE + (at % (LARGE * PAGE));
            },
            piece: (_high, low) => LARGE * PAGE - (low % (LARGE * PAGE)),
          });
          const classes = new ClassMap();
          const findings: string[] = [];
          const sections = [{ first: 0, frames, map: virtualAddress(MAP) }];
          const result = passOverMap({ physical, memory }, LAYOUT, sections, classes, findings);
          return { ...result, findings, counts: classes.counts() };
        });
        expect(results[1]).toEqual(results[0]);
      },
    ),
  );
});
