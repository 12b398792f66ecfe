import { htmlReport } from '@kcrash/report/html/html_report';
import { makeReport } from '@kcrash/report/make_report';
import { textReport } from '@kcrash/report/text/text_report';
import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { DumpError } from '@kcrash/vmcore/bytes/errors';

import { layoutText } from '@kcrash/vmcore/describe/type_declaration';
import { formatObject } from '@kcrash/vmcore/describe/type_format';
import { type Dump, openDump, type Platform } from '@kcrash/vmcore/dump';
import { readCommandLine } from '@kcrash/vmcore/kernel/command_line';
import { readCredentials } from '@kcrash/vmcore/kernel/cred';
import { readHrtimers } from '@kcrash/vmcore/kernel/hrtimers';
import { taskName } from '@kcrash/vmcore/kernel/kthread';
import { readMountNamespaces } from '@kcrash/vmcore/kernel/mounts';
import { taskNamespaces } from '@kcrash/vmcore/kernel/namespaces';
import { tasksByPid } from '@kcrash/vmcore/kernel/pid';
import { readSlabCaches } from '@kcrash/vmcore/kernel/slab';
import { commandLine, readTaskMemory } from '@kcrash/vmcore/kernel/task_memory';
import { readTasks } from '@kcrash/vmcore/kernel/tasks';
import { readTimers } from '@kcrash/vmcore/kernel/timers';
import { delayedWork } from '@kcrash/vmcore/kernel/workqueue';

/** What reading a dump came to: `refused` with an error of the library, or a report, whole or in part. */
export interface Reading {
  readonly outcome: 'refused' | 'partial' | 'whole';
  readonly problems: number;
}

/** Tasks of which everything is read; of the others what the report has. */
const TASKS_IN_FULL = 20;
const MODULES_IN_FULL = 5;
/** Pages that are read for no other reason. */
const MOST_PAGES = 500;
/** Types and objects that `kcrash type` would print. */
const TYPES = ['task_struct', 'mm_struct', 'module', 'printk_ringbuffer', 'pt_regs'];

/**
 * Reads all that this project reads from a dump. Throws what it must not: any other error than the library's own
 * for a dump that cannot be opened, or an error at all where a report should have been made of what is left.
 */
export function exercise(sources: readonly ByteSource[], platform: Platform): Reading {
  let dump: Dump;
  try {
    dump = openDump(sources, platform);
  } catch (error) {
    if (error instanceof DumpError) return { outcome: 'refused', problems: 1 };
    throw error;
  }
  return readAll(dump);
}

/** Everything of a dump that opened. Throws what it must not. */
export function readAll(dump: Dump): Reading {
  const report = makeReport(dump);
  JSON.stringify(report);
  textReport(report);
  htmlReport(report);
  for (const read of OTHERS) {
    try {
      read(dump);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
    }
  }
  const problems = report.problems.length;
  return { outcome: problems === 0 ? 'whole' : 'partial', problems };
}

/** What the report does not ask for, and the commands do. */
const OTHERS: readonly ((dump: Dump) => void)[] = [
  ({ physical }) => {
    let frame = 0;
    for (let n = 0; n < MOST_PAGES; n++) {
      frame = physical.nextHeld(frame);
      if (frame >= physical.frameLimit) return;
      physical.page(frame++);
    }
  },
  readCommandLine,
  readSlabCaches,
  readHrtimers,
  tasksByPid,
  (dump) => delayedWork(dump, readTimers(dump), []),
  (dump) =>
    readMountNamespaces(
      dump,
      readTasks(dump).tasks.map(({ address }) => address),
    ),
  ...TYPES.map((type) => (dump: Dump) => {
    layoutText(dump.types.btf, dump.types.id(type));
  }),
  (dump) => each(tasksInFull(dump), (task) => readCredentials(dump, task.address)),
  (dump) => each(tasksInFull(dump), (task) => taskName(dump, task)),
  (dump) => each(tasksInFull(dump), (task) => taskNamespaces(dump, task)),
  (dump) => each(tasksInFull(dump), (task) => readTaskMemory(dump, task)),
  (dump) => each(tasksInFull(dump), (task) => commandLine(dump, task)),
  (dump) => {
    const [task] = tasksInFull(dump);
    if (task) formatObject(dump.types, dump.memory, 'task_struct', task.address);
  },
  (dump) =>
    each(dump.loadedModules.modules.slice(0, MODULES_IN_FULL), (module) => {
      dump.symbols.table(module);
      dump.description.moduleTypes(module)?.findId('module');
    }),
];

function tasksInFull(dump: Dump) {
  return readTasks(dump).tasks.slice(0, TASKS_IN_FULL);
}

/** All of them, though some cannot be read. */
function each<T>(items: readonly T[], read: (item: T) => void): void {
  for (const item of items) {
    try {
      read(item);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
    }
  }
}
