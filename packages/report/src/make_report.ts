import type { Dump } from '@kcrash/vmcore/dump';
import { readSysctls } from '@kcrash/vmcore/kernel/sysctl';
import { abrtFunctions, abrtHash } from './hash.ts';
import { type Report, SCHEMA } from './report.ts';
import { cpusSection } from './sections/cpus.ts';
import { type CrashLog, crashLog } from './sections/crash_log.ts';
import { disksSection, mountsSection, networkSection } from './sections/devices.ts';
import { machineSection, whenSection } from './sections/machine.ts';
import { memorySection } from './sections/memory.ts';
import { modulesSection, taintSection } from './sections/modules.ts';
import { panicSection } from './sections/panic.ts';
import { timersSection, workSection } from './sections/pending.ts';
import { Problems } from './sections/problems.ts';
import { taskStacks, tasksSection } from './sections/tasks.ts';
import { waitsSection } from './sections/waits.ts';
import { orNull } from './sections/words.ts';

/**
 * Everything that a dump tells of a crash. Each section fails alone: what the dump lacks is null or missing, and
 * `problems` says why. Throws only what is no fault of the dump: `io`.
 */
export function makeReport(dump: Dump): Report {
  const problems = new Problems();
  problems.take('container', dump.container.problems);
  const log = crashLog(dump, problems);
  const tasks = taskStacks(dump, problems);
  const panic = panicSection(dump, log, tasks, problems);
  const waits = waitsSection(dump, tasks, problems);
  return {
    schema: SCHEMA,
    title: log.crash?.title ?? null,
    kind: log.crash?.kind ?? null,
    hash: logHash(log, problems),
    release: orNull(dump.vmcoreinfo.value('OSRELEASE')),
    when: whenSection(dump, problems),
    machine: machineSection(dump, problems),
    taint: taintSection(dump, problems),
    panic,
    cpus: cpusSection(dump, panic.cpu, tasks, problems),
    tasks: tasksSection(tasks, waits.byTask),
    deadlocks: waits.deadlocks,
    modules: modulesSection(dump, problems),
    memory: memorySection(dump, problems),
    mounts: mountsSection(dump, tasks.list, problems),
    network: networkSection(dump, problems),
    disks: disksSection(dump, problems),
    timers: timersSection(dump, problems),
    work: workSection(dump, tasks.list, problems),
    sysctls: sysctlsSection(dump, problems),
    log: log.items,
    problems: problems.all,
  };
}

/** ABRT reads the log, so its hash is one of the log's stack, and not of the one in memory. */
function logHash({ crash, lines }: CrashLog, problems: Problems): string | null {
  if (crash === null) return null;
  const hash = abrtHash(abrtFunctions(lines.slice(crash.start, crash.end)));
  if (hash === null) problems.note('title', 'The log has no stack of the crash, so there is no hash');
  return hash;
}

function sysctlsSection(dump: Dump, problems: Problems): Record<string, number> {
  const read = problems.attempt('sysctls', null, () => readSysctls(dump));
  problems.take('sysctls', read?.problems ?? []);
  return Object.fromEntries((read?.settings ?? []).map(({ name, value }) => [name, Number(value)]));
}
