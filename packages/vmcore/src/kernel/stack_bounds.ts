import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import type { StackBounds } from '../describe/unwind.ts';
import type { Dump } from '../dump.ts';
import { type PerCpu, perCpu } from './percpu.ts';

/**
 * Address of a member of x86_64's `pcpu_hot` (6.2 to 6.14), or of the variable that stands for it in other
 * kernels.
 */
export function hotVariable(
  dump: Dump,
  cpus: PerCpu,
  cpu: number,
  member: string,
  variable: string,
): VirtualAddress | undefined {
  // Asked for by variables only: that a type is missing costs a walk through all types.
  const hot = cpus.findVariable('pcpu_hot', cpu);
  return hot === undefined
    ? cpus.findVariable(variable, cpu)
    : addTo(hot, dump.types.offsetof('pcpu_hot', member));
}

const PAGE = 4096n;

/** The stack of interrupts and softirqs of a CPU; empty before it is set up. */
export function irqStack(dump: Dump, cpus: PerCpu, cpu: number): StackBounds[] {
  const at = hotVariable(dump, cpus, cpu, 'hardirq_stack_ptr', 'hardirq_stack_ptr');
  const pointer = at === undefined ? 0n : dump.memory.pointer(at);
  if (pointer === 0n) return [];
  // It points at the topmost word since 5.12 (951c2a51ae75), one past it before.
  const high = pageAbove(pointer);
  const size = dump.types.findId('struct irq_stack') === undefined ? 16384 : dump.types.sizeof('irq_stack');
  return [{ name: 'IRQ', low: high - BigInt(size), high }];
}

/** What the kernel calls a member of `struct cea_exception_stacks` when it prints a stack. */
const EXCEPTION_NAMES: Readonly<Record<string, string>> = {
  DF_stack: '#DF',
  NMI_stack: 'NMI',
  DB_stack: '#DB',
  MCE_stack: '#MC',
  VC_stack: '#VC',
  VC2_stack: '#VC2',
};

/**
 * The stacks of exceptions that have one of their own, and the one on which system calls and exceptions from
 * user space enter: all in the CPU's `struct cpu_entry_area`, whose place is random since 6.2.
 */
export function exceptionStacks(dump: Dump, cpus: PerCpu, cpu: number): StackBounds[] {
  const { types } = dump;
  const at = cpus.findVariable('cea_exception_stacks', cpu);
  const base = at === undefined ? 0n : dump.memory.pointer(at);
  if (base === 0n) return [];
  const stacks: StackBounds[] = [];
  for (const [member, place] of types.members('struct cea_exception_stacks')) {
    const name = EXCEPTION_NAMES[member];
    if (name === undefined) continue;
    const low = base + BigInt(place.bitOffset / 8);
    stacks.push({ name, low, high: low + BigInt(types.sizeof(place.type)) });
  }
  const area = base - BigInt(types.offsetof('cpu_entry_area', 'estacks'));
  const low = area + BigInt(types.offsetof('cpu_entry_area', 'entry_stack_page'));
  stacks.push({ name: 'ENTRY', low, high: low + BigInt(types.sizeof('struct entry_stack')) });
  return stacks;
}

/** `THREAD_SIZE` of x86_64 without KASAN. */
const USUAL_THREAD_SIZE = 16384;
const MOST_THREAD_SIZE = 1 << 17;

/** The stack that a task has in the kernel, by `task_struct.stack`; undefined where it has given it back. */
export function taskStackBounds(dump: Dump, stack: VirtualAddress): StackBounds | undefined {
  if (stack === 0n) return undefined;
  return { name: 'task', low: stack, high: stack + BigInt(dump.once(threadSize)) };
}

/** `THREAD_SIZE`: bytes of a task's stack. */
function threadSize(dump: Dump): number {
  const size = sizeByTop(dump);
  if (size !== undefined) return size;
  // The union that says it went in 6.10, when every CPU had the top in a variable already.
  const union = dump.types.findId('thread_union');
  return union === undefined ? USUAL_THREAD_SIZE : dump.types.sizeof(union);
}

/** From where a CPU keeps the top of the stack that its current task has, in a variable of its own since 5.16. */
function sizeByTop(dump: Dump): number | undefined {
  try {
    const cpus = perCpu(dump);
    for (const cpu of cpus.possible) {
      const topAt = hotVariable(dump, cpus, cpu, 'top_of_stack', 'cpu_current_top_of_stack');
      const taskAt = hotVariable(dump, cpus, cpu, 'current_task', 'current_task');
      const task = taskAt === undefined ? 0n : dump.memory.pointer(taskAt);
      if (topAt === undefined || task === 0n) continue;
      const stack = dump.memory.pointer(
        addTo(task as VirtualAddress, dump.types.offsetof('task_struct', 'stack')),
      );
      const size = pageAbove(dump.memory.u64Big(topAt)) - stack;
      if (size > 0n && size <= BigInt(MOST_THREAD_SIZE) && (size & (size - 1n)) === 0n) return Number(size);
    }
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
  }
  return undefined;
}

/** The end of the page whose last bytes an address may point at: FRED has some words above the top. */
function pageAbove(address: bigint): bigint {
  return ((address + PAGE - 1n) / PAGE) * PAGE;
}
