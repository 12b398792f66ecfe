import type { Report, ReportTask } from '@kcrash/report/report';
import { field } from '@kcrash/vmcore/describe/type_reader';
import type { Dump } from '@kcrash/vmcore/dump';
import { readTasks, type Task } from '@kcrash/vmcore/kernel/tasks';
import type { Answers } from './answers.ts';
import { type GuestSymbol, parseKallsyms } from './guest_proc.ts';
import { type GuestTask, guestTasks, switches } from './guest_task.ts';

/** A task by the guest's word and by the report's. */
export interface TaskPair {
  readonly guest: GuestTask;
  readonly report: ReportTask;
  /**
   * What it did since the guest answered: nothing, so that all must be the same; it was woken and has not had a
   * CPU yet, so that its stack must be the same; it had a CPU when the kernel crashed; or it ran in between, as
   * its counters of switches tell.
   */
  readonly since: 'still' | 'woken' | 'running' | 'moved';
}

/** Both words on a crash. */
export interface Evidence {
  readonly answers: Answers;
  /** All, or those alone that tell which functions /proc/PID/stack leaves out. */
  readonly symbols: readonly GuestSymbol[];
  readonly report: Report;
  readonly dump: Dump;
  readonly pairs: readonly TaskPair[];
  /** Tasks of the guest's answer that the report lacks. */
  readonly missing: readonly GuestTask[];
  /** Tasks of the report that the guest did not tell of; idle tasks apart, which have no number. */
  readonly added: readonly ReportTask[];
}

/** Brings together what the guest and the report say of each task. */
export function evidence(answers: Answers, report: Report, dump: Dump): Evidence {
  const tasks = guestTasks(answers);
  const reported = new Map(report.tasks.filter(({ pid }) => pid !== 0).map((task) => [task.pid, task]));
  const crashed = new Map(readTasks(dump).tasks.map((task) => [task.pid, task]));
  const pairs: TaskPair[] = [];
  const missing: GuestTask[] = [];
  for (const guest of tasks) {
    const report = reported.get(guest.pid);
    reported.delete(guest.pid);
    if (report === undefined) {
      missing.push(guest);
      continue;
    }
    pairs.push({ guest, report, since: sinceThen(dump, guest, report, crashed.get(guest.pid)) });
  }
  const kallsyms = answers.bytes('/proc/kallsyms') ?? answers.bytes('/tmp/kallsyms');
  return {
    answers,
    symbols: parseKallsyms(kallsyms?.toString('latin1') ?? ''),
    report,
    dump,
    pairs,
    missing,
    added: [...reported.values()],
  };
}

function sinceThen(
  dump: Dump,
  guest: GuestTask,
  report: ReportTask,
  task: Task | undefined,
): TaskPair['since'] {
  if (report.running) return 'running';
  const counts = task && `${task.voluntarySwitches} ${task.involuntarySwitches}`;
  if (task === undefined || counts !== switches(guest)) return 'moved';
  return report.state === 'R' && guest.stat[3] !== 'R' && isQueued(dump, task) ? 'woken' : 'still';
}

const QUEUED = {
  onRunQueue: field.number('on_rq'),
  // Since 6.12 what has gone to sleep may stay on its queue for a while (152e11f6df29).
  delayed: field.optional(field.flag('se.sched_delayed')),
};

/** Whether a task waits for a CPU, by the word of the scheduler's queues and not of its state. */
function isQueued(dump: Dump, { address, state }: Task): boolean {
  const { onRunQueue, delayed } = dump.reader('task_struct', QUEUED)(address);
  return (onRunQueue !== 0 && delayed !== true) || state.bits.includes('TASK_WAKING');
}
