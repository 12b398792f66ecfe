import type { Frame } from '../bytes/address.ts';
import type { Dump } from '../dump.ts';
import type { ClassMap } from './class_map.ts';
import { type ClassifiedPages, classifyPages } from './classify.ts';
import { splitMemoryMap } from './memory_map_split.ts';
import { PAGE_CLASSES, type PageClass, TIERS } from './page_class.ts';
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

/**
 * Plans which pages of a dump are kept, in order of worth. Throws `not-described` where the kernel does not tell
 * how its pages are used, and `io`.
 */
export function planPages(dump: Dump, policy: PlanPolicy = {}): PagePlan {
  const pages = classifyPages(dump);
  const tierOfClass = tiersOfClasses(policy);
  const classes = classesFor(pages, policy, tierOfClass);
  const counts = classes.counts();
  const { tiers, index } = tiersOf(classes, tierOfClass, counts);
  return {
    frameLimit: classes.limit,
    tiers,
    tierOf: (frame: Frame) => index[classes.get(frame)] as number,
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

/** The classes with the memory map split as a policy wants it, which is that of this plan alone. */
function classesFor(
  { classes, pass }: ClassifiedPages,
  { keep = [], drop = [] }: PlanPolicy,
  tierOfClass: Int8Array,
): ClassMap {
  if (keep.length === 0 && drop.length === 0) return classes;
  const own = classes.withOwn(pass.mapRuns);
  splitMemoryMap(
    own,
    pass,
    Uint8Array.from(tierOfClass, (tier) => (tier < 0 ? 0 : 1)),
  );
  return own;
}

function tiersOf(
  classes: ClassMap,
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
