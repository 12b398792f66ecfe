import { hexAddress, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import type { Holder } from '@kcrash/vmcore/kernel/lock_holder';
import { type Wait, waitCycles, waitsOf } from '@kcrash/vmcore/kernel/locks';
import type { TaskStack } from '@kcrash/vmcore/kernel/stacks';
import type { Task, TaskList } from '@kcrash/vmcore/kernel/tasks';
import type { ReportHolder, ReportWait, TaskName } from '../report.ts';
import type { Problems } from './problems.ts';
import { symbolAt } from './symbol_at.ts';
import type { TaskStacks } from './tasks.ts';
import { namedTask } from './words.ts';

/** What tasks wait for, and the circles in which they do. */
export interface Waits {
  readonly byTask: ReadonlyMap<VirtualAddress, readonly ReportWait[]>;
  readonly deadlocks: readonly (readonly TaskName[])[];
}

/** Functions that sleep for a lock, and that a task may be in without being uninterruptible. */
const LOCKS = /mutex|rwsem|^_*down_|^wait_for_completion|^percpu_down|rt_(?:spin|write|read)_lock/;

/** Looks at the tasks that are blocked: uninterruptible, or in a function that takes a lock. */
export function waitsSection(dump: Dump, { list, stacks }: TaskStacks, problems: Problems): Waits {
  const found = new Map<VirtualAddress, readonly Wait[]>();
  for (const task of list.tasks) {
    const stack = stacks.get(task.address);
    if (!isBlocked(task, stack)) continue;
    const names = stack?.frames.flatMap(({ symbol }) => symbol ?? []) ?? [];
    const waits = problems.attempt('waits', [], () => waitsOf(dump, task, names));
    if (waits.length > 0) found.set(task.address, waits);
  }
  const byTask = new Map<VirtualAddress, readonly ReportWait[]>();
  for (const [task, waits] of found)
    byTask.set(
      task,
      waits.map((wait) => reportWait(dump, list, wait)),
    );
  const deadlocks = waitCycles(found).map((circle) => circle.flatMap((task) => namedTask(list, task) ?? []));
  return { byTask, deadlocks };
}

function isBlocked(task: Task, stack: TaskStack | undefined): boolean {
  if (task.onCpu || task.state.letter === 'R') return false;
  if (task.state.letter === 'D') return true;
  return stack?.frames.some(({ symbol }) => symbol !== undefined && LOCKS.test(symbol)) ?? false;
}

function reportWait(dump: Dump, list: TaskList, { kind, address, wants, holder, queue }: Wait): ReportWait {
  return {
    kind,
    address: hexAddress(address),
    symbol: symbolAt(dump, address),
    wants: wants ?? null,
    holder: reportHolder(list, holder),
    queued: queue.length === 0 ? null : queue.length,
  };
}

function reportHolder(list: TaskList, holder: Holder): ReportHolder {
  switch (holder.kind) {
    case 'task': {
      const task = namedTask(list, holder.task);
      return task === null
        ? { kind: 'unknown', why: `the task at ${hexAddress(holder.task)} was not read` }
        : { kind: 'task', task };
    }
    case 'readers':
      return { kind: 'readers', count: holder.count, last: namedTask(list, holder.last) };
    default:
      return holder;
  }
}
