import { expect, it } from 'vitest';
import type { Dump } from '../dump.ts';
import { ClassMap } from './class_map.ts';
import type { ClassifiedPages } from './classify.ts';
import { classIndex, type PageClass } from './page_class.ts';
import { planPages } from './plan.ts';

/** A machine of 192 frames, of which the first three hold the map of 64 each. */
function machine(): Dump {
  const classes = new ClassMap();
  classes.cover(0);
  const fill = (start: number, end: number, name: PageClass) => classes.fill(start, end, classIndex(name));
  fill(0, 1, 'memory map');
  fill(1, 3, 'memory map of excluded');
  fill(3, 64, 'slab');
  fill(64, 128, 'anonymous');
  fill(128, 192, 'page cache');
  const pass = { mapRuns: [{ start: 0, end: 3, describes: 0 }], perMapFrame: 64 };
  const pages = { classes, pass, findings: [] } as unknown as ClassifiedPages;
  return { once: () => pages } as unknown as Dump;
}

it('plans of other policies on one dump know nothing of each other', () => {
  const dump = machine();
  const tiers = (plan: ReturnType<typeof planPages>) =>
    [0, 1, 2, 3, 64, 128].map((frame) => plan.tiers[plan.tierOf(frame)]?.name);
  const map = 'other pages of the kernel';
  const excluded = 'memory map of excluded memory';
  const usual = [map, excluded, excluded, 'slab', undefined, undefined];
  const first = planPages(dump, { scrub: false });
  expect(tiers(first)).toEqual(usual);
  const wide = planPages(dump, { scrub: false, keep: ['anonymous'] });
  const narrow = planPages(dump, { scrub: false, drop: ['slab'] });
  expect(tiers(wide)).toEqual([map, map, excluded, 'slab', 'kept by policy', undefined]);
  expect(tiers(narrow)).toEqual([excluded, excluded, excluded, undefined, undefined, undefined]);
  expect([tiers(first), tiers(planPages(dump, { scrub: false }))]).toEqual([usual, usual]);
  const [counts] = first.tiers.filter(({ name }) => name === map);
  expect([counts?.pages, [...(counts?.ranges() ?? [])]]).toEqual([1, [{ start: 0, end: 1 }]]);
});
