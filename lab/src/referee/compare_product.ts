import type { Credentials } from '@kcrash/vmcore/kernel/cred';
import type { Task } from '@kcrash/vmcore/kernel/tasks';
import type { Counted, TaskPair } from './compare_tasks.ts';
import { FindingBuilder } from './finding.ts';
import type { SurveyedObject } from './survey.ts';

/** `nice` 0 as the scheduler counts it (`DEFAULT_PRIO`). */
const NICE_0 = 120;

/** What the product makes of a member of `task_struct`, and the member. */
const OF_TASK: readonly (readonly [path: string, ours: (task: Task) => unknown])[] = [
  ['pid', ({ pid }) => pid],
  ['tgid', ({ tgid }) => tgid],
  ['real_parent', ({ parent }) => parent],
  ['group_leader', ({ leader }) => leader],
  ['comm', ({ comm }) => comm],
  ['flags', ({ flags }) => flags],
  ['on_cpu', ({ onCpu }) => Number(onCpu)],
  ['policy', ({ policy }) => policy],
  ['prio', ({ priority }) => priority],
  ['static_prio', ({ nice }) => NICE_0 + nice],
  ['rt_priority', ({ realTimePriority }) => realTimePriority],
  ['start_boottime', ({ startNanoseconds }) => startNanoseconds],
  ['utime', ({ userNanoseconds }) => userNanoseconds],
  ['stime', ({ systemNanoseconds }) => systemNanoseconds],
  ['se.sum_exec_runtime', ({ runtimeNanoseconds }) => runtimeNanoseconds],
  ['nvcsw', ({ voluntarySwitches }) => voluntarySwitches],
  ['nivcsw', ({ involuntarySwitches }) => involuntarySwitches],
  ['sched_info.last_arrival', ({ lastRanNanoseconds }) => lastRanNanoseconds],
  ['stack', ({ stack }) => stack],
  ['thread.sp', ({ stackPointer }) => stackPointer],
  ['mm', ({ mm }) => mm],
  ['real_cred', ({ cred }) => cred],
  ['nsproxy', ({ nsproxy }) => nsproxy],
  ['thread_pid', ({ threadPid }) => threadPid],
];

const OF_CREDENTIALS = ['uid', 'euid', 'suid', 'fsuid', 'gid', 'egid', 'sgid', 'fsgid'] as const;

/**
 * Compares what the product says of each task (`kcrash ps`, the report) with drgn's members and helpers: its
 * numbers, names, times, parent, state letter, CPU and credentials.
 */
export function compareProductTasks(
  pairs: readonly TaskPair[],
  objects: readonly SurveyedObject[],
  credentials: (task: Task) => Credentials,
): Counted {
  const finding = new FindingBuilder();
  let compared = 0;
  const indexes = new Map(
    objects.map(({ name, paths }) => [name, new Map(paths.map((path, index) => [path, index]))]),
  );
  for (const { where, ours, theirs } of pairs) {
    const equal = (what: string, found: unknown, wanted: unknown) => {
      compared += 1;
      finding.equal(`${what} of ${where}`, String(found), String(wanted));
    };
    const theirValue = (object: string, path: string) =>
      theirs.objects[object]?.values?.[indexes.get(object)?.get(path) ?? -1];
    for (const [path, our] of OF_TASK) equal(path, our(ours.task), theirValue('task_struct', path));
    equal('parent process', ours.task.ppid, theirValue('real_parent: task_struct', 'tgid'));
    equal('state', ours.task.state.letter, theirs.letter);
    equal('CPU', ours.task.cpu, theirs.cpu);
    const ids = credentials(ours.task);
    for (const id of OF_CREDENTIALS) equal(id, ids[id], theirValue('real_cred: cred', `${id}.val`));
  }
  return { differences: finding.differences, notes: finding.notes, compared };
}
