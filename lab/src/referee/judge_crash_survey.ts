import { hexAddress } from '@kcrash/vmcore/bytes/address';
import { u32, u64Big } from '@kcrash/vmcore/bytes/cursor';
import { field } from '@kcrash/vmcore/describe/type_reader';
import type { Dump } from '@kcrash/vmcore/dump';
import { readModules } from '@kcrash/vmcore/kernel/modules';
import { readMounts } from '@kcrash/vmcore/kernel/mounts';
import { readNetworkDevices } from '@kcrash/vmcore/kernel/netdev';
import { readTaskMemory } from '@kcrash/vmcore/kernel/task_memory';
import { readTasks, type Task } from '@kcrash/vmcore/kernel/tasks';
import { compareMod, compareMount, compareNet, comparePs, compareStructs } from './compare_crash.ts';
import type { Counted } from './compare_tasks.ts';
import type { CrashCommands, CrashSession } from './crash_session.ts';
import {
  parsePs,
  parseStructs,
  parseSymbols,
  parseTable,
  parseValues,
  surveyCommands,
} from './crash_survey.ts';
import { FindingBuilder } from './finding.ts';
import type { Protocol } from './judge_dump.ts';
import { ourLayouts } from './our_layouts.ts';

/** Variables that every kernel has, as crash is asked for them, with their sizes in bytes. */
const VARIABLES: Readonly<Record<string, 4 | 8>> = {
  jiffies: 8,
  nr_threads: 4,
  nr_cpu_ids: 4,
  total_forks: 8,
  max_pfn: 8,
  panic_timeout: 4,
  tainted_mask: 8,
};

const STRUCTS = 40;

/** What crash is asked so that it can be compared with the product; structs are spread over all there are. */
export function crashSurveyCommands(ours: Dump): CrashCommands {
  const names = [...ourLayouts(ours.types.btf).byName]
    .filter(([name, layouts]) => name.startsWith('struct ') && layouts.length === 1)
    .map(([name]) => name.replace('struct ', ''))
    .sort();
  const step = Math.max(1, Math.floor(names.length / STRUCTS));
  const structs = names.filter((_, n) => n % step === 0);
  return surveyCommands(['task_struct', 'page', ...structs], Object.keys(VARIABLES));
}

/** Holds the product against what crash said beyond its sys, bt and log. */
export function judgeCrashSurvey(
  name: string,
  ours: Dump,
  session: CrashSession,
  crash: string,
  protocol: Protocol,
): void {
  const said = (command: string) => session.further[command] ?? '';
  const row = (check: string, what: string, { differences, notes, compared }: Counted) => {
    const none = compared === 0 ? [`crash shows no ${what}`] : [];
    protocol.row(name, `kcrash: ${check}`, crash, {
      differences: [...differences, ...none],
      notes: [`compared: ${compared} ${what}`, ...notes],
    });
  };
  const { tasks } = readTasks(ours);
  row('ps', 'tasks', comparePs(tasks, parsePs(said('ps')), memoryReader(ours, tasks)));
  row('mod', 'modules', compareMod(readModules(ours).modules, parseTable(said('mod'))));
  const first = tasks.find(({ pid }) => pid === 1);
  const mounts = first === undefined ? [] : (readMounts(ours, first.address)?.mounts ?? []);
  row('mount', 'mounts', compareMount(mounts, parseTable(said('mount'))));
  row('net', 'devices', compareNet(readNetworkDevices(ours).devices, parseTable(said('net'))));
  const layouts = ourLayouts(ours.types.btf).byName;
  row('struct', 'structs', compareStructs(layouts, parseStructs(said('struct'))));
  row('p', 'variables', compareVariables(ours, said('p'), said('sym')));
}

/** Pages that a thread has counted and not yet handed to its process, by kind; until 6.2 (f1a7941243c1). */
const CACHED = {
  file: field.number('rss_stat.count[0]'),
  anonymous: field.number('rss_stat.count[1]'),
  shared: field.number('rss_stat.count[3]'),
};

/** Memory as crash counts it: with what threads have cached, which `/proc/PID/status` and the product leave out. */
function memoryReader(ours: Dump, tasks: readonly Task[]): Parameters<typeof comparePs>[2] {
  const read = ours.types.has('task_struct', 'rss_stat') ? ours.reader('task_struct', CACHED) : null;
  return (task) => {
    const memory = readTaskMemory(ours, task);
    if (memory === undefined) return undefined;
    let residentPages = memory.filePages + memory.anonymousPages + memory.sharedMemoryPages;
    for (const thread of read === null ? [] : tasks.filter(({ tgid }) => tgid === task.tgid)) {
      const { file = 0, anonymous = 0, shared = 0 } = read?.(thread.address) ?? {};
      residentPages += file + anonymous + shared;
    }
    return { totalPages: memory.totalPages, residentPages };
  };
}

/** Addresses and values of variables. */
function compareVariables(ours: Dump, values: string, symbols: string): Counted {
  const finding = new FindingBuilder();
  const [theirs, addresses] = [parseValues(values), parseSymbols(symbols)];
  for (const [name, size] of Object.entries(VARIABLES)) {
    const address = ours.variable(name);
    finding.equal(`address of ${name}`, hexAddress(address), hexAddress(addresses.get(name) ?? 0n));
    const bytes = ours.memory.read(address, size);
    finding.equal(name, String(size === 4 ? u32(bytes, 0) : u64Big(bytes, 0)), theirs.get(name));
  }
  return { differences: finding.differences, notes: finding.notes, compared: Object.keys(VARIABLES).length };
}
