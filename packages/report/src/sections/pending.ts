import type { VirtualAddress } from '@kcrash/vmcore/bytes/address';
import { hexAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import { readHrtimers } from '@kcrash/vmcore/kernel/hrtimers';
import type { TaskList } from '@kcrash/vmcore/kernel/tasks';
import { readTimers } from '@kcrash/vmcore/kernel/timers';
import { readWorkerPools } from '@kcrash/vmcore/kernel/workqueue';
import type { ReportTimers, ReportWork } from '../report.ts';
import type { Problems } from './problems.ts';
import { symbolAt } from './symbol_at.ts';
import { namedTask, orNull } from './words.ts';

/** How many timers are set. */
export function timersSection(dump: Dump, problems: Problems): ReportTimers {
  const wheels = problems.attempt('timers', null, () => readTimers(dump));
  const precise = problems.attempt('timers', null, () => readHrtimers(dump));
  problems.take('timers', [...(wheels?.problems ?? []), ...(precise?.problems ?? [])]);
  const wheel = wheels?.wheels.reduce((sum, { timers }) => sum + timers.length, 0);
  return {
    wheel: counted(wheel, wheels?.problems),
    highResolution: counted(precise?.timers.length, precise?.problems),
  };
}

/** None where not all could be read is no number. */
function counted(number: number | undefined, problems: readonly string[] | undefined): number | null {
  return number === undefined || (number === 0 && problems?.length !== 0) ? null : number;
}

/** Work that runs or waits for a worker. */
export function workSection(dump: Dump, list: TaskList, problems: Problems): ReportWork[] {
  const read = problems.attempt('work', null, () => readWorkerPools(dump));
  problems.take('work', read?.problems ?? []);
  const named = (at: VirtualAddress) => symbolAt(dump, at) ?? hexAddress(at);
  return (read?.pools ?? []).flatMap(({ cpu, busy, pending }) => [
    ...busy.map((worker) => ({
      function: named(worker.function),
      workqueue: orNull(worker.workqueue),
      task: namedTask(list, worker.task),
      cpu: orNull(cpu),
    })),
    ...pending.map((work) => ({
      function: named(work.function),
      workqueue: orNull(work.workqueue),
      task: null,
      cpu: orNull(cpu),
    })),
  ]);
}
