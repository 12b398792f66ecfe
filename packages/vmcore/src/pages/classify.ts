import { DumpError } from '../bytes/errors.ts';
import type { Dump } from '../dump.ts';
import { attempt } from '../kernel/attempt.ts';
import { classifyBlockRequests } from './block_requests.ts';
import { ClassMap } from './class_map.ts';
import { type Classification, classSet } from './classification.ts';
import { classifyCodeOnStacks } from './code_on_stacks.ts';
import { type DirectMap, directMap } from './direct_map.ts';
import { classifyPerCpuFree } from './free_lists.ts';
import { classifyCaptureKernel, classifyImage, classifyLog } from './kernel_image.ts';
import { type FlagPassResult, passOverMap } from './map_pass.ts';
import { memorySections } from './memory_map.ts';
import { splitMemoryMap } from './memory_map_split.ts';
import { classIndex, PAGE_CLASSES } from './page_class.ts';
import { pageLayout } from './page_layout.ts';
import { classifyPageTables } from './page_table_tree.ts';
import { classifyPageFragments, classifyPipes, classifySocketBuffers, type SocketData } from './payload.ts';
import { classifyByReference } from './references.ts';
import { type CacheSlabs, slabsByCache } from './slab_objects.ts';
import { classifyAreas, classifyFirstChunk, classifyModules, classifyStacks } from './virtual_areas.ts';

/** The class of every frame, and what was learnt on the way. */
export interface ClassifiedPages extends Classification {
  readonly map: DirectMap;
  readonly caches: ReadonlyMap<string, readonly CacheSlabs[]>;
  /** Data of socket buffers in slab pages. */
  readonly socketData: readonly SocketData[];
  /** Frames of the memory map, with the first frame that each describes, and how many. */
  readonly pass: Pick<FlagPassResult, 'mapRuns' | 'perMapFrame'>;
}

/** Caches whose objects lead to every task. */
const TASK_CACHES = ['task_struct', 'signal_cache', 'mm_struct', 'pid', 'cred_jar', 'nsproxy'];

/** Classes that are kept where nobody says otherwise. */
const KEPT = new Uint8Array(256);
for (const [n, { tier }] of PAGE_CLASSES.entries()) KEPT[n] = tier === null ? 0 : 1;

const TASK_SLAB = classIndex('task slab');
const MEMORY_MAP = classIndex('memory map of excluded');

/**
 * Says what every page frame is used for; made once for a dump. What the dump does not tell is a finding, and
 * leaves pages unidentified. Throws `not-described` for a kernel without BTF or without a memory map that is
 * known here, and `io`.
 */
export function classifyPages(dump: Dump): ClassifiedPages {
  return dump.once(classify);
}

function classify(dump: Dump): ClassifiedPages {
  const findings: string[] = [];
  const layout = pageLayout(dump);
  const sections = memorySections(dump, findings);
  if (sections.length === 0) throw new DumpError('not-described', 'The memory map has no section');
  const { loops } = dump.description;
  const classes = new ClassMap(loops);
  const pass = passOverMap(dump, layout, sections, classes, findings, loops);
  const into: Classification = {
    dump,
    layout,
    classes,
    sections: pass.sections,
    slabs: pass.slabs,
    unnamed: pass.unnamed,
    findings,
  };
  const map = directMap(dump);
  const step = (what: string, work: (into: Classification) => void) =>
    attempt(findings, what, () => work(into));
  step('The kernel image', classifyImage);
  step('The log', classifyLog);
  step('Memory of the capture kernel', classifyCaptureKernel);
  step('Per-CPU memory', classifyFirstChunk);
  step('The memory map', () => markMemoryMap(into, pass));
  step('Areas of vmalloc', classifyAreas);
  step('Modules', classifyModules);
  step('Page tables', classifyPageTables);
  step('Stacks', classifyStacks);
  step('Code on stacks', classifyCodeOnStacks);
  step('Free pages of CPUs', classifyPerCpuFree);
  step('Requests of disks', classifyBlockRequests);
  const caches = attempt(findings, 'Slabs', () => slabsByCache(into)) ?? new Map<string, CacheSlabs[]>();
  step('Slabs of tasks', () => markTaskSlabs(into, caches));
  step('Pipes', classifyPipes);
  step('Fragments of pages', () => classifyPageFragments(into, map));
  const socketData =
    attempt(findings, 'Socket buffers', () => classifySocketBuffers(into, map, caches)) ?? [];
  step('References', () => classifyByReference(into, map));
  splitMemoryMap(classes, pass, KEPT);
  return { ...into, map, caches, socketData, pass };
}

/** Boot memory or allocated; which part is worth keeping is known once all else is. */
function markMemoryMap({ classes }: Classification, { mapRuns }: FlagPassResult): void {
  const mark = classes.replacing(classSet('reserved', 'unidentified'), MEMORY_MAP);
  for (const run of mapRuns) mark(run);
}

function markTaskSlabs(
  { classes }: Classification,
  caches: ReadonlyMap<string, readonly CacheSlabs[]>,
): void {
  const slab = classIndex('slab');
  for (const { slabs } of TASK_CACHES.flatMap((name) => caches.get(name) ?? [])) {
    for (const { frame, order } of slabs) {
      for (let n = 0; n < 2 ** order; n++)
        if (classes.get(frame + n) === slab) classes.set(frame + n, TASK_SLAB);
    }
  }
}
