import { VirtualMemory } from '../arch/virtual_memory.ts';
import { X86PageTables } from '../arch/x86_64/page_table.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { utf8Text } from '../bytes/text.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { kernelPaging } from '../vmcore.ts';
import { perCpu } from './percpu.ts';
import type { Task } from './tasks.ts';

/** Memory of a process: C `struct mm_struct`. Sizes are in pages unless they say otherwise. */
export interface TaskMemory {
  /** Mapped pages (`VmSize`). */
  readonly totalPages: number;
  /** Resident pages by kind; their sum is `VmRSS`. */
  readonly filePages: number;
  readonly anonymousPages: number;
  readonly sharedMemoryPages: number;
  /** Pages in swap. */
  readonly swapPages: number;
  /** Bytes of its page tables (`VmPTE` and the levels above). */
  readonly pageTableBytes: number;
  /** Mappings. */
  readonly mappings: number;
  readonly lockedPages: number;
  readonly dataPages: number;
  readonly stackPages: number;
  readonly executablePages: number;
  /** Most resident pages, and most mapped pages, that the kernel has noted. */
  readonly peakResidentPages: number;
  readonly peakTotalPages: number;
}

const MM = {
  totalPages: field.number('total_vm'),
  pageTableBytes: field.optional(field.number('pgtables_bytes.counter')),
  mappings: field.number('map_count'),
  lockedPages: field.number('locked_vm'),
  dataPages: field.number('data_vm'),
  stackPages: field.number('stack_vm'),
  executablePages: field.number('exec_vm'),
  peakResidentPages: field.number('hiwater_rss'),
  peakTotalPages: field.number('hiwater_vm'),
  counters: field.address('rss_stat'),
};

/** `MM_FILEPAGES`, `MM_ANONPAGES`, `MM_SWAPENTS`, `MM_SHMEMPAGES` of an enum without a name, since 4.5. */
const COUNTERS = { filePages: 0, anonymousPages: 1, swapPages: 2, sharedMemoryPages: 3 };

/**
 * Memory of the process that a task belongs to; undefined for kernel threads and what has exited. Throws what
 * reading memory throws.
 */
export function readTaskMemory(dump: Dump, task: Task): TaskMemory | undefined {
  if (task.mm === 0n) return undefined;
  const { counters, ...mm } = dump.reader('mm_struct', MM)(task.mm);
  const count = counterReader(dump, counters);
  return {
    ...mm,
    pageTableBytes: mm.pageTableBytes ?? 0,
    // The kernel's highest value lags behind the present one until it is asked for.
    filePages: count(COUNTERS.filePages),
    anonymousPages: count(COUNTERS.anonymousPages),
    swapPages: count(COUNTERS.swapPages),
    sharedMemoryPages: count(COUNTERS.sharedMemoryPages),
  };
}

/** Reads `mm->rss_stat`: per-CPU counters since 6.2 (f1a7941243c1), one word each before. */
function counterReader(dump: Dump, at: VirtualAddress): (kind: number) => number {
  const { types, memory } = dump;
  const value = types.has('mm_struct', 'rss_stat.count')
    ? (kind: number) =>
        memory.i64Big(
          addTo(
            at,
            types.offsetof('mm_struct', `rss_stat.count[${kind}]`) - types.offsetof('mm_struct', 'rss_stat'),
          ),
        )
    : (kind: number) => perCpu(dump).counter(addTo(at, types.sizeof('percpu_counter') * kind));
  // What other CPUs have not added yet may leave a counter below zero.
  return (kind) => Math.max(0, Number(value(kind)));
}

/** A task's command line, or why it is not known. */
export type CommandLine =
  | { readonly words: readonly string[]; readonly missing: undefined }
  | { readonly words: undefined; readonly missing: string };

/** `MAX_ARG_STRLEN` is 128 KB; more of a command line than this helps nobody. */
const MOST_BYTES = 4096;

const ARGUMENTS = {
  start: field.pointer('arg_start'),
  end: field.pointer('arg_end'),
  pgd: field.pointer('pgd'),
};

/**
 * The words that a process was started with, as it has them in its memory; the first 4096 bytes. They are user
 * memory, which small dumps leave out. Throws `not-described` and `io`.
 */
export function commandLine(dump: Dump, task: Task): CommandLine {
  if (task.mm === 0n) {
    return { words: undefined, missing: task.kernelThread ? 'it is a kernel thread' : 'it has exited' };
  }
  try {
    const { start, end, pgd } = dump.reader('mm_struct', ARGUMENTS)(task.mm);
    const length = Number(end - start);
    if (length <= 0) return { words: [], missing: undefined };
    const bytes = userMemory(dump, pgd).read(start, Math.min(length, MOST_BYTES));
    const words = utf8Text(bytes).split('\0');
    // Each word ends in a NUL.
    if (words.at(-1) === '') words.pop();
    return { words, missing: undefined };
  } catch (error) {
    if (!(error instanceof DumpError) || !['absent-memory', 'unmapped', 'bad-format'].includes(error.code))
      throw error;
    return { words: undefined, missing: error.message };
  }
}

/** Memory as a process addresses it; `pgd` is its highest page table (C `mm->pgd`). */
export function userMemory(dump: Dump, pgd: VirtualAddress): VirtualMemory {
  const topTable = dump.memory.translate(pgd);
  if (topTable === undefined) {
    throw new DumpError('absent-memory', 'The page tables of the process are not in the dump');
  }
  const paging = { ...kernelPaging(dump.vmcoreinfo), topTable, kernelMapBytes: 0 };
  return new VirtualMemory(dump.physical, new X86PageTables(dump.physical, paging));
}
