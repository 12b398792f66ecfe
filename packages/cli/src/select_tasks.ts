import type { VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import { crashedCpu, readCpus } from '@kcrash/vmcore/kernel/cpus';
import { readTasks, type Task } from '@kcrash/vmcore/kernel/tasks';
import { Failure } from './failure.ts';

/**
 * The tasks that a word means: a thread's number, the address of a `task_struct`, or a command name, in which
 * `*` stands for anything. A number is never taken for a name. Throws `Failure` where there is none.
 */
export function selectTasks(dump: Dump, word: string): readonly Task[] {
  const { tasks } = readTasks(dump);
  const found = /^\d{1,7}$/.test(word)
    ? tasks.filter(({ pid }) => pid === Number(word))
    : /^(0x)?[\da-f]{16}$/i.test(word)
      ? tasks.filter(({ address }) => address === BigInt(`0x${word.replace(/^0x/i, '')}`))
      : tasks.filter(({ comm }) => nameMatcher(word)(comm));
  if (found.length > 0) return found;
  throw new Failure(
    `The dump has no task ${word}`,
    'Give a PID, the address of a task_struct, or a command’s name; kcrash ps lists all.',
  );
}

function nameMatcher(pattern: string): (comm: string) => boolean {
  if (!pattern.includes('*')) return (comm) => comm === pattern;
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (comm) => expression.test(comm);
}

/** The tasks that ran when the machine crashed, by CPU number. */
export function activeTasks(dump: Dump): ReadonlyMap<number, Task> {
  const { byAddress } = readTasks(dump);
  const active = new Map<number, Task>();
  for (const { number, current, online } of readCpus(dump)) {
    const task = current === undefined ? undefined : byAddress.get(current);
    if (task !== undefined && online !== false) active.set(number, task);
  }
  return active;
}

/** The task that ran on a CPU. Throws `Failure`. */
export function taskOfCpu(dump: Dump, cpu: number): Task {
  const task = activeTasks(dump).get(cpu);
  if (task !== undefined) return task;
  const known = [...activeTasks(dump).keys()].join(', ');
  throw new Failure(
    `The dump tells of no task on CPU ${cpu}`,
    `It has tasks on the CPUs ${known || '(none)'}.`,
  );
}

/** The task that crashed. Throws `Failure` where no CPU did. */
export function crashedTask(dump: Dump): Task {
  const cpu = crashedCpu(dump);
  if (cpu !== undefined) return taskOfCpu(dump, cpu);
  throw new Failure('No CPU of this dump crashed', 'Name a task, or -a for what ran on each CPU.');
}

/** Addresses of the tasks that ran. */
export function activeAddresses(dump: Dump): ReadonlySet<VirtualAddress> {
  return new Set([...activeTasks(dump).values()].map(({ address }) => address));
}
