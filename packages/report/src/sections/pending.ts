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
export function timersSection(dump: Dump, problems: Problems): ReportTimers | null {
  return problems.attempt('timers', null, () => {
    const wheels = readTimers(dump);
    const precise = readHrtimers(dump);
    problems.take('timers', [...wheels.problems, ...precise.problems]);
    const wheel = wheels.wheels.reduce((sum, { timers }) => sum + timers.length, 0);
    return { wheel, highResolution: precise.timers.length };
  });
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
