import { hexAddress, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import { stackOf, type TaskStack } from '@kcrash/vmcore/kernel/stacks';
import { readTasks, type Task, type TaskList } from '@kcrash/vmcore/kernel/tasks';
import type { ReportTask, ReportWait } from '../report.ts';
import type { Problems } from './problems.ts';
import { orNull, reportFrames, stackEnd } from './words.ts';

/** Every task that was read, with its stack where there is one. */
export interface TaskStacks {
  readonly list: TaskList;
  /** Missing for all where the kernel does not describe its stacks. */
  readonly stacks: ReadonlyMap<VirtualAddress, TaskStack>;
}

const NOBODY: TaskList = { tasks: [], byAddress: new Map(), problems: [] };

/** Reads all tasks and walks their stacks. */
export function taskStacks(dump: Dump, problems: Problems): TaskStacks {
  const list = problems.attempt('tasks', NOBODY, () => readTasks(dump));
  problems.take('tasks', list.problems);
  const stacks = new Map<VirtualAddress, TaskStack>();
  // What keeps one stack from being walked at all, such as a kernel without ORC, keeps all of them.
  problems.attempt('tasks', undefined, () => {
    for (const task of list.tasks) stacks.set(task.address, stackOf(dump, task));
  });
  return { list, stacks };
}

/** The tasks as the report has them. */
export function tasksSection(
  { list, stacks }: TaskStacks,
  waits: ReadonlyMap<VirtualAddress, readonly ReportWait[]>,
): ReportTask[] {
  return list.tasks.map((task) => reportTask(task, stacks.get(task.address), waits.get(task.address) ?? []));
}

function reportTask(task: Task, stack: TaskStack | undefined, waits: readonly ReportWait[]): ReportTask {
  const { lastRanNanoseconds: lastRan } = task;
  return {
    pid: task.pid,
    comm: task.comm,
    address: hexAddress(task.address),
    tgid: task.tgid,
    ppid: orNull(task.ppid),
    state: task.state.letter,
    cpu: task.cpu,
    running: task.onCpu,
    kernelThread: task.kernelThread,
    startSeconds: task.startNanoseconds / 1e9,
    userSeconds: task.userNanoseconds / 1e9,
    systemSeconds: task.systemNanoseconds / 1e9,
    lastRanSeconds: lastRan === undefined || lastRan === 0 ? null : lastRan / 1e9,
    stack: stack === undefined ? [] : reportFrames(stack),
    stackEnd: stack === undefined ? { reason: 'unknown', detail: null } : stackEnd(stack),
    waits,
  };
}
