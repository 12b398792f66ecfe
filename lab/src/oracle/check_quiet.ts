import type { ReportTask } from '@kcrash/report/report';
import type { Checks } from '../checks.ts';
import type { TaskPair } from './evidence.ts';

/** Of the kernel's own threads, which wake up by themselves, so many may have run since the guest answered. */
const MOST_MOVED = 1 / 4;

/**
 * What ran between the guest's answer and the crash cannot be compared. Of programs and of the lab's own threads
 * none may have, but for those that spin, and for readers of the log, which the kernel wakes when it has something
 * to say.
 */
export function checkQuiet(pairs: readonly TaskPair[], added: readonly ReportTask[], checks: Checks): void {
  const moved = pairs.filter(({ since }) => since === 'moved');
  const own = moved.filter((pair) => isOfScenario(pair) && !readsLog(pair) && !spins(pair));
  checks.at('programs that ran since the answer').equal(names(own.map(({ report }) => report)), '');
  // A kernel makes workers when it likes; a program is not started by anybody.
  const programs = added.filter(({ kernelThread }) => !kernelThread);
  checks.at('programs that the guest does not know').equal(names(programs), '');
  const threads = pairs.filter((pair) => !isOfScenario(pair)).length + added.length;
  const most = Math.floor(threads * MOST_MOVED);
  const excused = [...moved.filter((pair) => !isOfScenario(pair)).map(({ report }) => report), ...added];
  checks
    .at('kernel threads that ran since the answer')
    .that(excused.length <= most, `at most ${most} of ${threads}`, names(excused));
}

function isOfScenario({ report }: TaskPair): boolean {
  return !report.kernelThread || report.comm.startsWith('lab_');
}

function spins({ report }: TaskPair): boolean {
  return report.comm.startsWith('spin_');
}

function readsLog({ guest }: TaskPair): boolean {
  return guest.stack.some((line) => line.startsWith('devkmsg_read+'));
}

function names(tasks: readonly ReportTask[]): string {
  return tasks.map(({ comm }) => comm).join(' ');
}
