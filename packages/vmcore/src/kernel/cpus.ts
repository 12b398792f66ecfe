import type { VirtualAddress } from '../bytes/address.ts';
import { i32 } from '../bytes/cursor.ts';
import { field } from '../describe/type_reader.ts';
import type { StackBounds } from '../describe/unwind.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { type PerCpu, perCpu } from './percpu.ts';
import { exceptionStacks, hotVariable, irqStack } from './stack_bounds.ts';

/** A CPU of the crashed machine. */
export interface Cpu {
  readonly number: number;
  /** Whether the kernel ran tasks on it; undefined where no mask tells. */
  readonly online: boolean | undefined;
  readonly present: boolean | undefined;
  /** C `struct task_struct *` that it ran at the crash. */
  readonly current: VirtualAddress | undefined;
  /** Its idle task (`swapper/N`). */
  readonly idle: VirtualAddress | undefined;
  /** Stacks of its own: interrupts, exceptions, entry. */
  readonly stacks: readonly StackBounds[];
  /** What of this could not be read, one sentence each. */
  readonly problems: readonly string[];
}

const RUN_QUEUE = { current: field.pointer('curr'), idle: field.pointer('idle') };

/** Every possible CPU in order; made once for a dump. Throws what `perCpu` throws. */
export function readCpus(dump: Dump): readonly Cpu[] {
  return dump.once(collectCpus);
}

function collectCpus(dump: Dump): Cpu[] {
  const cpus = perCpu(dump);
  const online = new Set(cpus.mask('online'));
  const present = new Set(cpus.mask('present'));
  return cpus.possible.map((number) => {
    const problems: string[] = [];
    const step = <T>(work: () => T) => attempt(problems, `CPU ${number}`, work);
    const queue = step(() => dump.reader('rq', RUN_QUEUE)(cpus.variable('runqueues', number)));
    // A CPU that was never brought up has no idle task, and says that it runs the first one of all.
    const started = queue?.idle !== 0n;
    const current = started ? (step(() => currentTask(dump, cpus, number)) ?? queue?.current) : undefined;
    return {
      number,
      online: online.size === 0 ? undefined : online.has(number),
      present: present.size === 0 ? undefined : present.has(number),
      current: known(current),
      idle: known(queue?.idle),
      stacks: [irqStack, exceptionStacks].flatMap((of) => step(() => of(dump, cpus, number)) ?? []),
      problems,
    };
  });
}

/** NULL stands for a CPU that never was brought up. */
function known(address: VirtualAddress | undefined): VirtualAddress | undefined {
  return address === 0n ? undefined : address;
}

/**
 * `current` as code on the CPU sees it: in `pcpu_hot` from 6.2 (e57ef2ed97c1) to 6.14, a variable of its own
 * before and since. It changes with the stack, the scheduler's `rq.curr` a moment earlier.
 */
function currentTask(dump: Dump, cpus: PerCpu, cpu: number): VirtualAddress | undefined {
  const at = hotVariable(dump, cpus, cpu, 'current_task', 'current_task');
  return at === undefined ? undefined : dump.memory.pointer(at);
}

/** The CPU that crashed, and the one that stopped the others; undefined where the kernel crashed nowhere. */
export function crashedCpu(dump: Dump): number | undefined {
  // `panic_cpu` is -1 until a CPU panics, `crashing_cpu` until it stops the others.
  for (const name of ['panic_cpu', 'crashing_cpu']) {
    const at = dump.findVariable(name);
    if (at === undefined) continue;
    const cpu = i32(dump.memory.read(at, 4), 0);
    if (cpu >= 0) return cpu;
  }
  return undefined;
}
