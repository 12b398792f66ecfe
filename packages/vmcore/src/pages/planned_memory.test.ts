import { describe, expect, test } from 'vitest';
import type { PhysicalMemory } from '../physical_memory.ts';
import type { PagePlan } from './page_plan.ts';
import { PlannedMemory } from './planned_memory.ts';
import { NO_SCRUBBING } from './scrub.ts';

const page = new Uint8Array(4096);
/** Frames 1 to 5 of 8. */
const memory: PhysicalMemory = {
  pageSize: 4096,
  frameLimit: 8,
  page: (frame) => (frame >= 1 && frame <= 5 ? page : 'hole'),
  nextHeld: (frame) => (frame > 5 ? 8 : Math.max(1, frame)),
};
/** Frames 2 and 7 in the first tier, frame 4 in the second. */
const plan: PagePlan = {
  frameLimit: 8,
  tiers: [],
  tierOf: (frame) => (frame === 2 || frame === 7 ? 0 : frame === 4 ? 1 : -1),
  classes: [],
  scrub: NO_SCRUBBING,
  findings: [],
};

describe('memory as a plan leaves it', () => {
  test('has the pages that are kept, and says of the others that they were left out', () => {
    const planned = new PlannedMemory(memory, plan, 2);
    expect([1, 2, 3, 4, 7, 8].map((frame) => planned.page(frame))).toEqual([
      'excluded',
      page,
      'excluded',
      page,
      'hole',
      'hole',
    ]);
    expect([0, 3, 5].map((frame) => planned.nextHeld(frame))).toEqual([2, 4, 8]);
  });

  test('ends with the last tier that there was room for', () => {
    const planned = new PlannedMemory(memory, plan, 1);
    expect(planned.page(4)).toBe('excluded');
    expect(planned.nextHeld(3)).toBe(8);
  });
});
