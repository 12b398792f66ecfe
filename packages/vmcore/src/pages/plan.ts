import type { Frame } from '../bytes/address.ts';
import type { Dump } from '../dump.ts';
import { type ClassifiedPages, classifyPages } from './classify.ts';
import { classIndex, PAGE_CLASSES, type PageClass, TIERS } from './page_class.ts';
import type { ClassCount, FrameRange, PagePlan, PageTier } from './page_plan.ts';
import { findSecrets, NO_SCRUBBING } from './scrub.ts';

/** What a user wants otherwise than the classes' own tiers say. */
export interface PlanPolicy {
  /** Classes that are kept although they are not by themselves; they come last. */
  readonly keep?: readonly PageClass[];
  /** Classes that are left out. Wins over `keep`. */
  readonly drop?: readonly PageClass[];
  /** Whether bytes of users inside kept pages are overwritten; they are unless this is false. */
  readonly scrub?: boolean;
}

/** The tier of what is kept by the user's word. */
const BY_POLICY = 'kept by policy';

const MEMORY_MAP = classIndex('memory map');
const EXCLUDED_MAP = classIndex('memory map of excluded');

/**
 * Plans which pages of a dump are kept, in order of worth. Throws `not-described` where the kernel does not tell
 * how its pages are used, and `io`.
 */
export function planPages(dump: Dump, policy: PlanPolicy = {}): PagePlan {
  const pages = classifyPages(dump);
  const tierOfClass = tiersOfClasses(policy);
  splitMemoryMap(pages, tierOfClass);
  const counts = pages.classes.counts();
  const { tiers, index } = tiersOf(pages, tierOfClass, counts);
  return {
    frameLimit: pages.classes.limit,
    tiers,
    tierOf: (frame: Frame) => index[pages.classes.get(frame)] as number,
    classes: PAGE_CLASSES.map(({ name }, n): ClassCount => {
      const count = counts[n] ?? 0;
      return { class: name, pages: count, kept: (index[n] as number) < 0 ? 0 : count };
    }),
    scrub: policy.scrub === false ? NO_SCRUBBING : findSecrets(pages),
    findings: pages.findings,
  };
}

/** Number of each class's tier, those of `TIERS` first; -1 for what is not kept. */
function tiersOfClasses({ keep = [], drop = [] }: PlanPolicy): Int8Array {
  const tiers = new Int8Array(256).fill(-1);
  for (const [n, { name, tier }] of PAGE_CLASSES.entries()) {
    if (tier !== null) tiers[n] = TIERS.indexOf(tier);
    else if (keep.includes(name)) tiers[n] = TIERS.length;
    if (drop.includes(name)) tiers[n] = -1;
  }
  return tiers;
}

/** A page of the memory map is worth more where it describes a page that is kept. */
function splitMemoryMap({ classes, pass }: ClassifiedPages, tierOfClass: Int8Array): void {
  const { mapFrames, mapDescribes, perMapFrame } = pass;
  const isMap = (value: number) => value === MEMORY_MAP || value === EXCLUDED_MAP;
  for (const frame of mapFrames) if (isMap(classes.get(frame))) classes.set(frame, EXCLUDED_MAP);
  for (let n = 0; n < mapFrames.length; n++) {
    const frame = mapFrames[n] as Frame;
    if (classes.get(frame) !== EXCLUDED_MAP) continue;
    const first = mapDescribes[n] as Frame;
    for (let at = first; at < first + perMapFrame; at++) {
      const value = classes.get(at);
      if ((tierOfClass[value] as number) < 0 || isMap(value)) continue;
      classes.set(frame, MEMORY_MAP);
      break;
    }
  }
}

function tiersOf(
  { classes }: ClassifiedPages,
  tierOfClass: Int8Array,
  counts: readonly number[],
): { tiers: PageTier[]; index: Int8Array } {
  const tiers: PageTier[] = [];
  const index = new Int8Array(256).fill(-1);
  for (const [number, name] of [...TIERS, BY_POLICY].entries()) {
    const wanted = new Uint8Array(256);
    let pages = 0;
    for (let n = 0; n < PAGE_CLASSES.length; n++) {
      if (tierOfClass[n] !== number) continue;
      wanted[n] = 1;
      pages += counts[n] ?? 0;
    }
    if (pages === 0) continue;
    for (let n = 0; n < wanted.length; n++) if (wanted[n] === 1) index[n] = tiers.length;
    tiers.push({ name, pages, ranges: (): Iterable<FrameRange> => classes.ranges(wanted) });
  }
  return { tiers, index };
}
