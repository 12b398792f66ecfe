import { orNotDescribed } from '@kcrash/report/explore/symbol_table';
import { jsonLine } from '@kcrash/report/json_text';
import { hexAddress } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';
import { readCredentials } from '@kcrash/vmcore/kernel/cred';
import { readMemory } from '@kcrash/vmcore/kernel/memory';
import { commandLine, readTaskMemory } from '@kcrash/vmcore/kernel/task_memory';
import { policyName } from '@kcrash/vmcore/kernel/task_state';
import { readTasks, type Task } from '@kcrash/vmcore/kernel/tasks';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { printable } from '../printable.ts';
import { activeAddresses, selectTasks } from '../select_tasks.ts';
import { bareAddress } from '../symbol_line.ts';
import { type Column, tableLines } from '../table.ts';

interface Options extends DumpOptions {
  readonly kernel?: true;
  readonly user?: true;
  readonly group?: true;
}

/** crash's two letters for the states of /proc/PID/status. */
const STATES: Readonly<Record<string, string>> = {
  R: 'RU',
  S: 'IN',
  D: 'UN',
  T: 'ST',
  t: 'TR',
  X: 'DE',
  Z: 'ZO',
  P: 'PA',
  I: 'ID',
};

const COLUMNS: readonly Column[] = [
  { title: '      PID', align: 'right' },
  { title: 'PPID', align: 'right' },
  { title: 'CPU', align: 'right' },
  { title: 'TASK', align: 'left' },
  { title: 'ST', align: 'left' },
  { title: '%MEM', align: 'right' },
  { title: 'VSZ', align: 'right' },
  { title: 'RSS', align: 'right' },
  { title: 'COMM', align: 'left' },
];

/** `kcrash ps DUMP [TASK…]`: the tasks, in crash's columns. */
export function addPsCommand(program: Command, { out, err }: Io): void {
  dumpCommand(program, 'ps', 'list the tasks; > marks those that ran')
    .argument('[tasks...]', 'PIDs, addresses of task_structs, or command names (* stands for anything)')
    .option('-k, --kernel', 'kernel threads only')
    .option('-u, --user', 'tasks of user space only')
    .option('-G, --group', 'processes only: the first thread of each')
    .action((file: string, words: string[], options: Options) => {
      const dump = openDumpFile(file, options);
      const { tasks, problems } = readTasks(dump);
      const chosen =
        words.length === 0 ? tasks : [...new Set(words.flatMap((word) => selectTasks(dump, word)))];
      const shown = chosen.filter(
        (task) =>
          !(options.kernel && !task.kernelThread) &&
          !(options.user && task.kernelThread) &&
          !(options.group && task.pid !== task.tgid),
      );
      if (options.json) {
        out.write(jsonLine({ tasks: shown.map((task) => toJson(dump, task)), problems }));
        return;
      }
      const [title = '', ...rows] = tableLines(COLUMNS, rowsOf(dump, shown));
      out.line(title);
      for (const row of rows) out.line(row.startsWith('>') ? out.style('bold', row) : row);
      for (const problem of problems) err.line(`kcrash: there may be more tasks: ${problem}`);
    });
}

function rowsOf(dump: Dump, tasks: readonly Task[]): string[][] {
  const active = activeAddresses(dump);
  const total = orNotDescribed(() => readMemory(dump).total);
  return tasks.map((task) => {
    const memory = memoryOf(dump, task);
    const comm = printable(task.comm);
    return [
      `${active.has(task.address) ? '>' : ' '}${String(task.pid).padStart(8)}`,
      String(task.ppid ?? '?'),
      String(task.cpu),
      bareAddress(task.address),
      STATES[task.state.letter] ?? task.state.letter,
      memory === null ? '?' : total === undefined ? '?' : ((memory.rssBytes * 100) / total).toFixed(1),
      memory === null ? '?' : String(memory.vszBytes / 1024),
      memory === null ? '?' : String(memory.rssBytes / 1024),
      task.kernelThread ? `[${comm}]` : comm,
    ];
  });
}

/** Null where the dump lacks it; a task without memory of its own has none. */
function memoryOf(dump: Dump, task: Task): { vszBytes: number; rssBytes: number } | null {
  try {
    const memory = readTaskMemory(dump, task);
    if (memory === undefined) return { vszBytes: 0, rssBytes: 0 };
    const { pageSize } = dump.physical;
    const resident = memory.filePages + memory.anonymousPages + memory.sharedMemoryPages;
    return { vszBytes: memory.totalPages * pageSize, rssBytes: resident * pageSize };
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return null;
    throw error;
  }
}

function toJson(dump: Dump, task: Task) {
  const credentials = orNotDescribed(() => readCredentials(dump, task.cred));
  const command = orNotDescribed(() => commandLine(dump, task));
  const memory = memoryOf(dump, task);
  return {
    address: hexAddress(task.address),
    pid: task.pid,
    tgid: task.tgid,
    ppid: task.ppid,
    comm: task.comm,
    state: task.state.letter,
    stateWord: task.state.word,
    stateBits: task.state.bits,
    kernelThread: task.kernelThread,
    cpu: task.cpu,
    onCpu: task.onCpu,
    policy: policyName(task.policy),
    priority: task.priority,
    nice: task.nice,
    uid: credentials?.uid,
    gid: credentials?.gid,
    startNanoseconds: task.startNanoseconds,
    userNanoseconds: task.userNanoseconds,
    systemNanoseconds: task.systemNanoseconds,
    runtimeNanoseconds: task.runtimeNanoseconds,
    lastRanNanoseconds: task.lastRanNanoseconds,
    vszBytes: memory?.vszBytes,
    rssBytes: memory?.rssBytes,
    commandLine: command?.words,
    commandLineMissing: command?.missing,
  };
}
