import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { listNodes } from './list.ts';
import { perCpu } from './percpu.ts';
import { type Counters, type MemoryNode, readNodes } from './vmstat.ts';

/** Huge pages of one size that are set aside (C `struct hstate`). */
export interface HugePages {
  readonly pageBytes: number;
  readonly total: number;
  readonly free: number;
  readonly reserved: number;
  readonly surplus: number;
}

/**
 * What memory is used for, in bytes: the lines of /proc/meminfo. Undefined is what the kernel does not count
 * or the dump does not tell.
 */
export interface MemorySummary {
  /** Memory that the kernel manages. */
  readonly total: number | undefined;
  readonly free: number | undefined;
  /** The kernel's own guess of what new programs can have without swapping. */
  readonly available: number | undefined;
  /** Page cache of block devices. */
  readonly buffers: number | undefined;
  /** Page cache of files, with tmpfs and shared memory. */
  readonly cached: number | undefined;
  readonly anonymous: number | undefined;
  readonly mapped: number | undefined;
  readonly sharedMemory: number | undefined;
  readonly active: number | undefined;
  readonly inactive: number | undefined;
  readonly unevictable: number | undefined;
  readonly locked: number | undefined;
  readonly dirty: number | undefined;
  readonly writeback: number | undefined;
  readonly slabReclaimable: number | undefined;
  readonly slabUnreclaimable: number | undefined;
  readonly kernelStacks: number | undefined;
  readonly pageTables: number | undefined;
  readonly secondaryPageTables: number | undefined;
  readonly perCpu: number | undefined;
  readonly vmalloc: number | undefined;
  readonly swapTotal: number | undefined;
  readonly swapFree: number | undefined;
  readonly swapCached: number | undefined;
  readonly commitLimit: number | undefined;
  readonly committed: number | undefined;
  readonly poisoned: number | undefined;
  readonly cma: number | undefined;
  readonly hugePages: readonly HugePages[];
  readonly nodes: readonly MemoryNode[];
  readonly problems: readonly string[];
}

/** Reads the memory summary. What cannot be read is undefined, with a problem that says why. */
export function readMemory(dump: Dump): MemorySummary {
  const problems: string[] = [];
  const page = dump.physical.pageSize;
  const nodes = readNodes(dump, problems);
  const perNode = sumOf(nodes.map(({ counters }) => counters));
  const perZone = sumOf(nodes.flatMap(({ zones }) => zones.map(({ counters }) => counters)));
  const pages = (...names: string[]) => scaled(sumNames(perNode, names), page);
  // A kernel without such a variable does not count the thing.
  const variable = (name: string) =>
    attempt(problems, name, () => {
      const at = dump.findVariable(name);
      return at === undefined ? undefined : dump.memory.u64(at);
    });
  const swap = variable('total_swap_pages');
  const commit = readCommit(dump, swap, variable('sysctl_overcommit_kbytes'), problems);
  const hugePages = attempt(problems, 'Huge pages', () => readHugePages(dump)) ?? [];
  const total = attempt(problems, 'Total memory', () => dump.memory.u64(dump.variable('_totalram_pages')));
  const buffers = attempt(problems, 'Buffers', () => blockDevicePages(dump, problems));
  const filePages = sumNames(perNode, ['NR_FILE_PAGES']);
  const swapCached = sumNames(perNode, ['NR_SWAPCACHE']);
  return {
    total: scaled(total, page),
    free: scaled(perZone.get('NR_FREE_PAGES'), page),
    available: scaled(availablePages(nodes, perNode, perZone), page),
    buffers: scaled(buffers, page),
    cached: scaled(less(filePages, swapCached, buffers), page),
    anonymous: pages('NR_ANON_MAPPED'),
    mapped: pages('NR_FILE_MAPPED'),
    sharedMemory: pages('NR_SHMEM'),
    active: pages('NR_ACTIVE_ANON', 'NR_ACTIVE_FILE'),
    inactive: pages('NR_INACTIVE_ANON', 'NR_INACTIVE_FILE'),
    unevictable: pages('NR_UNEVICTABLE'),
    locked: scaled(perZone.get('NR_MLOCK'), page),
    dirty: pages('NR_FILE_DIRTY'),
    writeback: pages('NR_WRITEBACK'),
    // Pages for all that the names end in _B (since 5.9, d42f3245c7e2).
    slabReclaimable: pages('NR_SLAB_RECLAIMABLE_B'),
    slabUnreclaimable: pages('NR_SLAB_UNRECLAIMABLE_B'),
    kernelStacks: scaled(perNode.get('NR_KERNEL_STACK_KB'), 1024),
    pageTables: pages('NR_PAGETABLE'),
    secondaryPageTables: pages('NR_SECONDARY_PAGETABLE'),
    perCpu: scaled(perCpuPages(dump, problems), page),
    // Seen as a counter of nodes in 7.2, a variable before.
    vmalloc: scaled(perNode.get('NR_VMALLOC') ?? variable('nr_vmalloc_pages'), page),
    swapTotal: scaled(swap, page),
    swapFree: scaled(variable('nr_swap_pages'), page),
    swapCached: scaled(swapCached, page),
    commitLimit: scaled(commitLimit(commit, total, hugePages, page), page),
    committed: scaled(commit.committed, page),
    poisoned: scaled(variable('num_poisoned_pages'), page),
    cma: scaled(cmaPages(nodes), page),
    hugePages,
    nodes,
    problems,
  };
}

function scaled(count: number | undefined, unit: number): number | undefined {
  return count === undefined ? undefined : count * unit;
}

function less(from: number | undefined, ...parts: (number | undefined)[]): number | undefined {
  if (from === undefined || parts.includes(undefined)) return undefined;
  return Math.max(
    parts.reduce<number>((sum, part) => sum - (part ?? 0), from),
    0,
  );
}

function sumOf(all: readonly Counters[]): Counters {
  const sums = new Map<string, number>();
  for (const counters of all) {
    for (const [name, value] of counters) sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return sums;
}

function cmaPages(nodes: readonly MemoryNode[]): number | undefined {
  const counts = nodes.flatMap(({ zones }) => zones.flatMap(({ cma }) => (cma === undefined ? [] : [cma])));
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

/** The sum of some counters; undefined where the kernel lacks one. */
function sumNames(counters: Counters, names: readonly string[]): number | undefined {
  let sum = 0;
  for (const name of names) {
    const value = counters.get(name);
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}

/** `si_mem_available`: free pages, and half of the page cache and of reclaimable slabs or more, in pages. */
function availablePages(
  nodes: readonly MemoryNode[],
  perNode: Counters,
  perZone: Counters,
): number | undefined {
  const free = perZone.get('NR_FREE_PAGES');
  const cache = sumNames(perNode, ['NR_ACTIVE_FILE', 'NR_INACTIVE_FILE']);
  const slabs = sumNames(perNode, ['NR_SLAB_RECLAIMABLE_B', 'NR_KERNEL_MISC_RECLAIMABLE']);
  if (free === undefined || cache === undefined || slabs === undefined) return undefined;
  const reserved = nodes.reduce((sum, node) => sum + node.reserved, 0);
  const low = nodes.flatMap(({ zones }) => zones).reduce((sum, zone) => sum + zone.low, 0);
  const reclaimable = (count: number) => count - Math.min(Math.floor(count / 2), low);
  return Math.max(free - reserved + reclaimable(cache) + reclaimable(slabs), 0);
}

interface Commit {
  readonly committed: number | undefined;
  readonly ratio: number | undefined;
  readonly kibibytes: number | undefined;
  readonly swap: number | undefined;
}

function readCommit(
  dump: Dump,
  swap: number | undefined,
  kibibytes: number | undefined,
  problems: string[],
): Commit {
  const committed = attempt(problems, 'Committed memory', () =>
    Math.max(Number(perCpu(dump).counter(dump.variable('vm_committed_as'))), 0),
  );
  const ratio = attempt(problems, 'Overcommit ratio', () =>
    dump.memory.i32(dump.variable('sysctl_overcommit_ratio')),
  );
  return { committed, ratio, kibibytes, swap };
}

/** `vm_commit_limit`, in pages. */
function commitLimit(
  { ratio, kibibytes, swap }: Commit,
  total: number | undefined,
  hugePages: readonly HugePages[],
  page: number,
): number | undefined {
  if (ratio === undefined || kibibytes === undefined || swap === undefined || total === undefined)
    return undefined;
  if (kibibytes !== 0) return Math.floor((kibibytes * 1024) / page) + swap;
  const huge = hugePages.reduce((sum, { total: count, pageBytes }) => sum + (count * pageBytes) / page, 0);
  return Math.floor(((total - huge) * ratio) / 100) + swap;
}

/** `pcpu_nr_pages`. */
function perCpuPages(dump: Dump, problems: string[]): number | undefined {
  return attempt(problems, 'Per-CPU memory', () => {
    const populated = dump.memory.u64(dump.variable('pcpu_nr_populated'));
    return populated * dump.memory.i32(dump.variable('pcpu_nr_units'));
  });
}

const HSTATE = {
  order: field.number('order'),
  total: field.number('nr_huge_pages'),
  free: field.number('free_huge_pages'),
  reserved: field.number('resv_huge_pages'),
  surplus: field.number('surplus_huge_pages'),
};
/** x86_64 has two sizes of huge pages, aarch64 up to four. */
const MOST_HSTATES = 8;

/** The pools of huge pages, in the kernel's order; none in a kernel without hugetlbfs. */
function readHugePages(dump: Dump): HugePages[] {
  const count = dump.findVariable('hugetlb_max_hstate');
  if (count === undefined) return [];
  const read = dump.reader('hstate', HSTATE);
  const size = dump.types.sizeof('struct hstate');
  const first = dump.variable('hstates');
  const pools = Math.min(Math.max(dump.memory.i32(count), 0), MOST_HSTATES);
  return Array.from({ length: pools }, (_, n) => {
    const { order, ...pool } = read(addTo(first, n * size));
    return { pageBytes: dump.physical.pageSize * 2 ** order, ...pool };
  });
}

const INODE = { pages: field.number('i_data.nrpages') };
/** Block devices that are looked at. */
const MOST_DEVICES = 1 << 16;

/** `nr_blockdev_pages`: pages of the page cache that belong to block devices. */
function blockDevicePages(dump: Dump, problems: string[]): number {
  const superblock = dump.memory.pointer(dump.variable('blockdev_superblock'));
  const head = addTo(superblock, dump.types.offsetof('super_block', 's_inodes'));
  const read = dump.reader('inode', INODE);
  const { nodes, problem } = listNodes(dump.memory, head, MOST_DEVICES);
  if (problem !== undefined) problems.push(`Buffers: ${problem}`);
  const member = -dump.types.offsetof('inode', 'i_sb_list');
  const pagesOf = (node: VirtualAddress) => read(addTo(node, member)).pages;
  return nodes.reduce((sum, node) => sum + pagesOf(node), 0);
}
