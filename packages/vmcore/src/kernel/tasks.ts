import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { field, type Read } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { readCpus } from './cpus.ts';
import { listEntries } from './list.ts';
import { tasksByPid } from './pid.ts';
import { PF_KTHREAD, type TaskState, taskState } from './task_state.ts';

/** A process or thread of the crashed kernel: C `struct task_struct`. */
export interface Task {
  readonly address: VirtualAddress;
  /** Number of the thread in the initial pid namespace; 0 for every CPU's idle task. */
  readonly pid: number;
  /** Number of the process: the pid of the thread that leads it. */
  readonly tgid: number;
  /** Number of the parent process, 0 for none; undefined where the dump lacks the parent. */
  readonly ppid: number | undefined;
  /** The process that started it, or that took it over (`real_parent`). */
  readonly parent: VirtualAddress;
  /** The first thread of its process (`group_leader`). */
  readonly leader: VirtualAddress;
  /** At most 15 bytes; any bytes a program chose, read as UTF-8. */
  readonly comm: string;
  readonly state: TaskState;
  /** `PF_…`, see `taskFlagNames`. */
  readonly flags: number;
  /** Whether it is a thread of the kernel's own, an idle task included. */
  readonly kernelThread: boolean;
  /** CPU that it runs on or ran on last. */
  readonly cpu: number;
  /** Whether it was the task of its CPU at the crash, by the scheduler's word. */
  readonly onCpu: boolean;
  /** See `policyName`. */
  readonly policy: number;
  /** The kernel's own priority: 0 to 99 real time, 100 to 139 by nice value, -1 deadline. */
  readonly priority: number;
  readonly nice: number;
  /** 1 to 99 under a real-time policy, else 0. */
  readonly realTimePriority: number;
  /** Nanoseconds since boot, sleep of the machine included, when it started. */
  readonly startNanoseconds: number;
  /** Nanoseconds by the tick in user and kernel mode, and by the scheduler's clock in both. */
  readonly userNanoseconds: number;
  readonly systemNanoseconds: number;
  readonly runtimeNanoseconds: number;
  /** Times that it gave up its CPU, and that another was put in its place. */
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  /**
   * Nanoseconds of the scheduler's clock when it last got a CPU, 0 for never; undefined in kernels without
   * `CONFIG_SCHED_INFO`.
   */
  readonly lastRanNanoseconds: number | undefined;
  /** Lowest address of its kernel stack. */
  readonly stack: VirtualAddress;
  /** Stack pointer where it was switched out; without meaning while it runs. */
  readonly stackPointer: VirtualAddress;
  /** C `struct mm_struct *`; 0 for kernel threads and for what has exited. */
  readonly mm: VirtualAddress;
  /** C `const struct cred *` that it is judged by when others act on it (`real_cred`). */
  readonly cred: VirtualAddress;
  /** C `struct nsproxy *`; 0 for what has exited. */
  readonly nsproxy: VirtualAddress;
  /** C `struct pid *`; 0 for idle tasks and for what has exited. */
  readonly threadPid: VirtualAddress;
}

/** The tasks of a dump. */
export interface TaskList {
  /** CPUs' idle tasks first; then processes in the kernel's order, each followed by its further threads. */
  readonly tasks: readonly Task[];
  readonly byAddress: ReadonlyMap<VirtualAddress, Task>;
  /** Why there may be more than these, one sentence each; empty for a sound list. */
  readonly problems: readonly string[];
}

const TASK = {
  pid: field.number('pid'),
  tgid: field.number('tgid'),
  parent: field.pointer('real_parent'),
  leader: field.pointer('group_leader'),
  comm: field.text('comm'),
  // Renamed in 5.14 (2f064a59a11f).
  state: field.big('__state', 'state'),
  exitState: field.number('exit_state'),
  flags: field.number('flags'),
  // Moved to thread_info in 5.16 (bcf9033e5449).
  cpu: field.optional(field.number('thread_info.cpu', 'cpu')),
  onCpu: field.optional(field.flag('on_cpu')),
  policy: field.number('policy'),
  priority: field.number('prio'),
  staticPriority: field.number('static_prio'),
  realTimePriority: field.number('rt_priority'),
  // Renamed in 5.5 (cf25e24db61c).
  startNanoseconds: field.big('start_boottime', 'real_start_time'),
  userNanoseconds: field.big('utime'),
  systemNanoseconds: field.big('stime'),
  runtimeNanoseconds: field.big('se.sum_exec_runtime'),
  voluntarySwitches: field.big('nvcsw'),
  involuntarySwitches: field.big('nivcsw'),
  lastRanNanoseconds: field.optional(field.big('sched_info.last_arrival')),
  stack: field.pointer('stack'),
  stackPointer: field.pointer('thread.sp'),
  mm: field.pointer('mm'),
  cred: field.pointer('real_cred'),
  nsproxy: field.pointer('nsproxy'),
  threadPid: field.pointer('thread_pid', 'pids[0].pid'),
  signal: field.pointer('signal'),
};

/** `nice` 0 as the scheduler counts it (`DEFAULT_PRIO`). */
const NICE_0 = 120;

/**
 * Every process and thread, and each CPU's idle task; made once for a dump. Damage gives a partial list and
 * the reason: tasks that the list misses are looked for by their numbers. Throws `not-described` where the
 * kernel does not say where its tasks are, and `io`.
 */
export function readTasks(dump: Dump): TaskList {
  return dump.once(collectTasks);
}

/** One task by the address of its `task_struct`, listed or not. Throws what reading memory throws. */
export function readTask(dump: Dump, address: VirtualAddress): Task {
  return readTasks(dump).byAddress.get(address) ?? finish(dump, address, readRaw(dump, address), new Map());
}

/** A task as it was read, before its parent is known. */
type RawTask = Read<typeof TASK>;

/** Collects tasks by address, each read once. */
class Collector {
  readonly raw = new Map<VirtualAddress, RawTask>();
  readonly problems: string[] = [];
  readonly #dump: Dump;
  #budget = MOST_NODES;

  constructor(dump: Dump) {
    this.#dump = dump;
  }

  take(address: VirtualAddress): RawTask | undefined {
    const known = this.raw.get(address);
    if (known) return known;
    const task = attempt(this.problems, `The task at ${hexAddress(address)}`, () =>
      readRaw(this.#dump, address),
    );
    if (task) this.raw.set(address, task);
    return task;
  }

  /** Objects on a list. All lists together are walked no further than any sound kernel's reach. */
  list(head: VirtualAddress, member: string): VirtualAddress[] {
    const { entries, problem } = listEntries(this.#dump, head, 'task_struct', member, this.#budget);
    this.#budget -= entries.length;
    if (problem !== undefined) this.problems.push(problem);
    return entries;
  }
}

/** `PID_MAX_LIMIT` tasks can have numbers; two lists lead to each. */
const MOST_NODES = 1 << 23;

function collectTasks(dump: Dump): TaskList {
  const collector = new Collector(dump);
  const initTask = dump.variable('init_task');
  attempt(collector.problems, 'The CPUs', () => {
    for (const cpu of readCpus(dump)) if (cpu.idle !== undefined) collector.take(cpu.idle);
  });
  collector.take(initTask);
  const damage = collector.problems.length;
  collectListed(dump, collector, initTask);
  if (collector.problems.length > damage) {
    const more = attempt(collector.problems, 'The table of pids', () => tasksByPid(dump));
    for (const problem of more?.problems ?? []) collector.problems.push(problem);
    for (const address of more?.tasks ?? []) collector.take(address);
  }
  // A task that has all but exited is on no list, and may still have a CPU.
  attempt(collector.problems, 'The CPUs', () => {
    for (const cpu of readCpus(dump)) if (cpu.current !== undefined) collector.take(cpu.current);
  });
  const tasks = [...collector.raw].map(([address, raw]) => finish(dump, address, raw, collector.raw));
  return {
    tasks,
    byAddress: new Map(tasks.map((task) => [task.address, task])),
    problems: collector.problems,
  };
}

/** Processes from the initial task's list, and the threads from each one's own. */
function collectListed(dump: Dump, collector: Collector, initTask: VirtualAddress): void {
  const { types } = dump;
  const tasksAt = types.offsetof('task_struct', 'tasks');
  const threadsAt = types.offsetof('signal_struct', 'thread_head');
  for (const address of collector.list(addTo(initTask, tasksAt), 'tasks')) {
    const leader = collector.take(address);
    if (leader === undefined || leader.signal === 0n) continue;
    for (const thread of collector.list(addTo(leader.signal, threadsAt), 'thread_node')) {
      collector.take(thread);
    }
  }
}

function readRaw(dump: Dump, address: VirtualAddress): RawTask {
  return dump.reader('task_struct', TASK)(address);
}

/** Every member by name: a dump may have tens of thousands of tasks, and spreading objects is slow. */
function finish(
  dump: Dump,
  address: VirtualAddress,
  raw: RawTask,
  others: ReadonlyMap<VirtualAddress, RawTask>,
): Task {
  const { lastRanNanoseconds: lastRan, state } = raw;
  return {
    address,
    pid: raw.pid,
    tgid: raw.tgid,
    ppid: others.get(raw.parent)?.tgid ?? processOf(dump, raw.parent),
    parent: raw.parent,
    leader: raw.leader,
    comm: raw.comm,
    state: taskState(Number(state & 0xffff_ffffn), raw.exitState),
    flags: raw.flags,
    kernelThread: (raw.flags & PF_KTHREAD) !== 0,
    // Kernels without SMP keep neither.
    cpu: raw.cpu ?? 0,
    onCpu: raw.onCpu ?? (raw.pid === 0 && state === 0n),
    policy: raw.policy,
    priority: raw.priority,
    nice: raw.staticPriority - NICE_0,
    realTimePriority: raw.realTimePriority,
    // As numbers these are exact for three months of nanoseconds, and to some microseconds for ever.
    startNanoseconds: Number(raw.startNanoseconds),
    userNanoseconds: Number(raw.userNanoseconds),
    systemNanoseconds: Number(raw.systemNanoseconds),
    runtimeNanoseconds: Number(raw.runtimeNanoseconds),
    voluntarySwitches: Number(raw.voluntarySwitches),
    involuntarySwitches: Number(raw.involuntarySwitches),
    lastRanNanoseconds: lastRan === undefined ? undefined : Number(lastRan),
    stack: raw.stack,
    stackPointer: raw.stackPointer,
    mm: raw.mm,
    cred: raw.cred,
    nsproxy: raw.nsproxy,
    threadPid: raw.threadPid,
  };
}

const TGID = { tgid: field.number('tgid') };

/** Number of the process of a task that is on no list. */
function processOf(dump: Dump, address: VirtualAddress): number | undefined {
  try {
    return dump.reader('task_struct', TGID)(address).tgid;
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return undefined;
    throw error;
  }
}
