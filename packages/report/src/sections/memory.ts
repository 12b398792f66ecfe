import type { Dump } from '@kcrash/vmcore/dump';
import { type MemorySummary, readMemory } from '@kcrash/vmcore/kernel/memory';
import type { ReportMemory } from '../report.ts';
import type { Problems } from './problems.ts';
import { orNull } from './words.ts';

/** The totals of the summary, in the order of /proc/meminfo. */
const TOTALS = [
  'total',
  'free',
  'available',
  'buffers',
  'cached',
  'swapCached',
  'active',
  'inactive',
  'unevictable',
  'locked',
  'swapTotal',
  'swapFree',
  'dirty',
  'writeback',
  'anonymous',
  'mapped',
  'sharedMemory',
  'slabReclaimable',
  'slabUnreclaimable',
  'kernelStacks',
  'pageTables',
  'secondaryPageTables',
  'vmalloc',
  'perCpu',
  'commitLimit',
  'committed',
  'poisoned',
  'cma',
] as const satisfies readonly (keyof MemorySummary)[];

/** What memory is used for. */
export function memorySection(dump: Dump, problems: Problems): ReportMemory | null {
  const memory = problems.attempt('memory', null, () => readMemory(dump));
  if (memory === null) return null;
  problems.take('memory', memory.problems);
  const totals = Object.fromEntries(TOTALS.map((name) => [name, orNull(memory[name])]));
  if (memory.nodes.length === 0 && Object.values(totals).every((total) => total === null)) return null;
  const page = dump.physical.pageSize;
  return {
    totals,
    hugePages: memory.hugePages.map(({ pageBytes, total, free }) => ({ pageBytes, total, free })),
    zones: memory.nodes
      .flatMap(({ zones }) => zones)
      .filter(({ managed }) => managed > 0)
      .map(({ node, name, managed, min, low, high, counters }) => {
        const free = counters.get('NR_FREE_PAGES');
        return {
          node,
          name,
          managed: managed * page,
          free: free === undefined ? null : free * page,
          min: min * page,
          low: low * page,
          high: high * page,
        };
      }),
  };
}
