import { jsonLine } from '@kcrash/report/json_text';
import type { Dump } from '@kcrash/vmcore/dump';
import { readTasks, type Task } from '@kcrash/vmcore/kernel/tasks';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { activeTasks, crashedTask, selectTasks, taskOfCpu } from '../select_tasks.ts';
import { printStack, stackJson } from '../stack_text.ts';

interface Options extends DumpOptions {
  readonly active?: true;
  readonly cpu?: readonly number[];
  readonly everything?: true;
}

/** `kcrash bt DUMP [TASK…]`: kernel stacks, of the crashed task when nothing is said. */
export function addBtCommand(program: Command, { out, err }: Io): void {
  dumpCommand(program, 'bt', 'print kernel stacks: of the task that crashed, or of others')
    .argument('[tasks...]', 'PIDs, addresses of task_structs, or command names (* stands for anything)')
    .option('-a, --active', 'of the tasks that ran, one for each CPU')
    .option('-c, --cpu <number>', 'of the task that ran on a CPU; may be a list: 0,2-3', cpuList)
    .option('-e, --everything', 'of every task')
    .action((file: string, words: string[], options: Options) => {
      const dump = openDumpFile(file, options);
      const tasks = chooseTasks(dump, words, options);
      const { problems } = readTasks(dump);
      if (options.json) {
        out.write(jsonLine({ tasks: tasks.map((task) => stackJson(dump, task)), problems }));
        return;
      }
      for (const [n, task] of tasks.entries()) {
        if (n > 0) out.line();
        printStack(out, dump, task);
      }
      if (options.everything)
        for (const problem of problems) err.line(`kcrash: there may be more tasks: ${problem}`);
    });
}

function chooseTasks(dump: Dump, words: readonly string[], options: Options): readonly Task[] {
  const chosen = new Set<Task>();
  for (const task of options.everything ? readTasks(dump).tasks : []) chosen.add(task);
  for (const task of options.active ? activeTasks(dump).values() : []) chosen.add(task);
  for (const cpu of options.cpu ?? []) chosen.add(taskOfCpu(dump, cpu));
  for (const word of words) for (const task of selectTasks(dump, word)) chosen.add(task);
  if (chosen.size === 0 && options.active) {
    throw new Failure('The dump does not tell what the CPUs ran', 'Name a task: kcrash ps lists them.');
  }
  return chosen.size > 0 ? [...chosen] : [crashedTask(dump)];
}

/** A kernel has no more CPUs than this. */
const MOST_CPUS = 8192;

function cpuList(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const range = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    const first = Number(range?.[1] ?? Number.NaN);
    const last = Number(range?.[2] ?? first);
    if (!(first <= last && last < MOST_CPUS)) {
      throw new Failure(`${text} is no list of CPUs`, 'Give numbers and ranges: 0,2-3.', 2);
    }
    return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  });
}
