import { expect, test } from 'vitest';
import { ClassMap } from './class_map.ts';
import { classIndex } from './page_class.ts';
import { pagePicture } from './page_picture.ts';
import type { PagePlan } from './page_plan.ts';
import { NO_SCRUBBING } from './scrub.ts';

test('each cell has the class of most of its frames, and cells of one class are one run', () => {
  const map = new ClassMap();
  map.cover(0);
  map.fill(0, 40, classIndex('slab'));
  map.fill(3, 9, classIndex('free'));
  map.fill(40, 80, classIndex('anonymous'));
  const plan: PagePlan = {
    frameLimit: map.limit,
    tiers: [],
    tierOf: () => -1,
    classes: [
      { class: 'slab', pages: 34, kept: 34 },
      { class: 'hugetlb', pages: 0, kept: 0 },
    ],
    scrub: NO_SCRUBBING,
    findings: [],
  };
  expect(pagePicture(map, plan, 4096)).toEqual({
    pageSize: 4096,
    framesPerCell: 16,
    runs: [
      { firstFrame: 0, cells: 3, class: 'slab' },
      { firstFrame: 48, cells: 2, class: 'anonymous' },
    ],
    classes: [{ class: 'slab', pages: 34, kept: 34 }],
  });
});
