import type { Report, ReportTask } from '@kcrash/report/report';
import type { Dump } from '@kcrash/vmcore/dump';
import { readTasks } from '@kcrash/vmcore/kernel/tasks';
import type { Answers } from './answers.ts';
import { type GuestSymbol, parseKallsyms } from './guest_proc.ts';
import { type GuestTask, guestTasks, switches } from './guest_task.ts';

/** A task by the guest's word and by the report's. */
export interface TaskPair {
  readonly guest: GuestTask;
  readonly report: ReportTask;
  /**
   * What it did since the guest answered: nothing, so that all must be the same; it had a CPU when the kernel
   * crashed; or it ran in between, as its counters of switches tell.
   */
  readonly since: 'still' | 'running' | 'moved';
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
  const crashed = new Map(
    readTasks(dump).tasks.map((task) => [task.pid, `${task.voluntarySwitches} ${task.involuntarySwitches}`]),
  );
  const pairs: TaskPair[] = [];
  const missing: GuestTask[] = [];
  for (const guest of tasks) {
    const report = reported.get(guest.pid);
    reported.delete(guest.pid);
    if (report === undefined) {
      missing.push(guest);
      continue;
    }
    const ran = crashed.get(guest.pid) !== switches(guest);
    pairs.push({ guest, report, since: report.running ? 'running' : ran ? 'moved' : 'still' });
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
