import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { idrEntries } from './idr.ts';
import { listEntries, listNodes, type Walk } from './list.ts';
import type { TimerWheels } from './timers.ts';
import { listAround } from './unnamed_list.ts';

/** Work that waits for a worker (C `struct work_struct`). */
export interface PendingWork {
  readonly address: VirtualAddress;
  readonly function: VirtualAddress;
  /** Name of the workqueue that it was put on; undefined where nothing tells it. */
  readonly workqueue: string | undefined;
  /** Whether it waits for other work of its workqueue to end first, and not just for a worker. */
  readonly heldBack: boolean;
}

/** A worker thread that runs work (C `struct worker`). */
export interface BusyWorker {
  /** C `struct task_struct *`. */
  readonly task: VirtualAddress;
  readonly work: VirtualAddress;
  readonly function: VirtualAddress;
  readonly workqueue: string | undefined;
  /** What the work says of itself; often empty. */
  readonly description: string;
}

/** Threads that share a queue of work (C `struct worker_pool`). */
export interface WorkerPool {
  readonly address: VirtualAddress;
  readonly id: number;
  /** The CPU that it serves; undefined for a pool that is bound to none. */
  readonly cpu: number | undefined;
  readonly workers: number;
  readonly idle: number;
  /** C `jiffies` when it last made progress. */
  readonly progressJiffies: bigint;
  readonly busy: readonly BusyWorker[];
  /** In the order in which it was queued; held-back work after the rest. */
  readonly pending: readonly PendingWork[];
}

/** Work that waits for its time (C `struct delayed_work`). */
export interface DelayedWork {
  readonly address: VirtualAddress;
  readonly function: VirtualAddress;
  readonly workqueue: string | undefined;
  /** C `jiffies` when it will be queued. */
  readonly expires: bigint;
}

/** All worker pools by their number. */
export interface WorkerPools {
  readonly pools: readonly WorkerPool[];
  readonly problems: readonly string[];
}

const POOL = {
  cpu: field.number('cpu'),
  id: field.number('id'),
  workers: field.number('nr_workers'),
  idle: field.number('nr_idle'),
  progress: field.big('watchdog_ts', 'last_progress_ts'),
  workList: field.address('worklist'),
  workerList: field.address('workers'),
};
const WORKER = {
  work: field.pointer('current_work'),
  function: field.pointer('current_func'),
  pool: field.pointer('current_pwq'),
  task: field.pointer('task'),
  description: field.text('desc'),
};
const POOL_WORKQUEUE = { pool: field.pointer('pool'), workqueue: field.pointer('wq') };
const WORKQUEUE = { name: field.text('name'), pools: field.address('pwqs') };
const WORK = { data: field.big('data.counter', 'data'), function: field.pointer('func') };
const DELAYED = { function: field.pointer('work.func'), workqueue: field.pointer('wq') };
const INACTIVE = { pool: field.pointer('pool'), works: field.address('inactive_works', 'delayed_works') };

/** `WORK_STRUCT_PWQ` in `work_struct.data`: the rest above the flags points at a `pool_workqueue`. */
const HAS_POOL_WORKQUEUE = 4n;
/** `WORK_STRUCT_PWQ_SHIFT`: what is found by it must say that it belongs to the same pool. */
const POOL_WORKQUEUE_MASK = ~0xffn;

const MOST_POOLS = 1 << 16;
const MOST_WORKQUEUES = 1 << 16;
/** Nodes of all lists together: damage can make each of many lists lead into a long one. */
const MOST_NODES = 1 << 17;

/** One reading of all lists. */
interface Walking {
  readonly problems: string[];
  nodesLeft: number;
  /** What was on a list: nothing is on two. */
  readonly seen: Set<VirtualAddress>;
}

/** Reads what all worker pools do. What cannot be read is left out, with a problem that says why. */
export function readWorkerPools(dump: Dump): WorkerPools {
  const problems: string[] = [];
  const walking: Walking = { problems, nodesLeft: MOST_NODES, seen: new Set() };
  const heldBack = attempt(problems, 'Workqueues', () => readHeldBack(dump, walking)) ?? new Map();
  const pools: WorkerPool[] = [];
  for (const at of attempt(problems, 'Worker pools', () => poolAddresses(dump, heldBack, problems)) ?? []) {
    const pool = attempt(problems, 'Worker pool', () => readPool(dump, at, heldBack.get(at) ?? [], walking));
    if (pool) pools.push(pool);
  }
  return { pools: pools.sort((a, b) => a.id - b.id), problems };
}

/** `worker_pool_idr`, or where that has no name, the pools that some workqueue uses. */
function poolAddresses(dump: Dump, used: HeldBack, problems: string[]): VirtualAddress[] {
  const idr = dump.findVariable('worker_pool_idr');
  if (idr === undefined) return [...used.keys()];
  const { entries, problem } = idrEntries(dump, idr, MOST_POOLS);
  if (problem !== undefined) problems.push(problem);
  return entries.map(({ entry }) => entry);
}

function readPool(
  dump: Dump,
  at: VirtualAddress,
  heldBack: readonly PendingWork[],
  walking: Walking,
): WorkerPool {
  const pool = dump.reader('worker_pool', POOL)(at);
  const busy: BusyWorker[] = [];
  for (const worker of entriesOf(dump, pool.workerList, 'worker', 'node', walking)) {
    attempt(walking.problems, 'Worker', () => {
      const { pool: poolWorkqueue, ...read } = dump.reader('worker', WORKER)(worker);
      if (read.work === 0n) return;
      busy.push({ ...read, workqueue: nameOf(dump, poolWorkqueue, at) });
    });
  }
  const pending = pendingWork(dump, pool.workList, at, false, walking);
  return {
    address: at,
    id: pool.id,
    cpu: pool.cpu < 0 ? undefined : pool.cpu,
    workers: pool.workers,
    idle: pool.idle,
    progressJiffies: pool.progress,
    busy,
    pending: [...pending, ...heldBack],
  };
}

/** By pool, for every pool that a workqueue uses: work that its workqueue holds back. */
type HeldBack = ReadonlyMap<VirtualAddress, readonly PendingWork[]>;

function readHeldBack(dump: Dump, walking: Walking): HeldBack {
  const { problems } = walking;
  const byPool = new Map<VirtualAddress, PendingWork[]>();
  const { nodes, problem } = workqueueNodes(dump);
  if (problem !== undefined) problems.push(problem);
  for (const node of nodes) {
    attempt(problems, 'Workqueue', () => {
      const at = dump.containerOf(node, 'workqueue_struct', 'list');
      const { pools } = dump.reader('workqueue_struct', WORKQUEUE)(at);
      for (const one of entriesOf(dump, pools, 'pool_workqueue', 'pwqs_node', walking)) {
        const { pool, works } = dump.reader('pool_workqueue', INACTIVE)(one);
        const held = byPool.get(pool) ?? [];
        for (const work of pendingWork(dump, works, pool, true, walking)) held.push(work);
        byPool.set(pool, held);
      }
    });
  }
  return byPool;
}

/** `workqueues`, or where that has no name, the list that the exported `system_wq` is on. */
function workqueueNodes(dump: Dump): Walk {
  const head = dump.findVariable('workqueues');
  if (head !== undefined) return listNodes(dump.memory, head, MOST_WORKQUEUES);
  const exported = dump.memory.pointer(dump.variable('system_wq'));
  return listAround(
    dump.memory,
    addTo(exported, dump.types.offsetof('workqueue_struct', 'list')),
    MOST_WORKQUEUES,
  );
}

function pendingWork(
  dump: Dump,
  head: VirtualAddress,
  pool: VirtualAddress,
  heldBack: boolean,
  walking: Walking,
): PendingWork[] {
  const found: PendingWork[] = [];
  for (const work of entriesOf(dump, head, 'work_struct', 'entry', walking)) {
    attempt(walking.problems, 'Work', () => {
      const read = dump.reader('work_struct', WORK)(work);
      const poolWorkqueue = virtualAddress(read.data & POOL_WORKQUEUE_MASK);
      const workqueue =
        (read.data & HAS_POOL_WORKQUEUE) === 0n ? undefined : nameOf(dump, poolWorkqueue, pool);
      found.push({ address: work, function: read.function, workqueue, heldBack });
    });
  }
  return found;
}

function entriesOf(
  dump: Dump,
  head: VirtualAddress,
  type: string,
  member: string,
  walking: Walking,
): readonly VirtualAddress[] {
  if (walking.nodesLeft <= 0) {
    throw new DumpError('runaway', `Lists of workqueues, workers and work have over ${MOST_NODES} nodes`);
  }
  const { entries, problem } = listEntries(dump, head, type, member, walking.nodesLeft);
  walking.nodesLeft -= 1 + entries.length;
  if (problem !== undefined) walking.problems.push(problem);
  return entries.filter((entry) => !walking.seen.has(entry) && walking.seen.add(entry));
}

/** Name of the workqueue of a `pool_workqueue` that belongs to a pool; undefined where it does not. */
function nameOf(dump: Dump, poolWorkqueue: VirtualAddress, pool: VirtualAddress): string | undefined {
  if (poolWorkqueue === 0n) return undefined;
  const read = attempt([], 'Workqueue', () => dump.reader('pool_workqueue', POOL_WORKQUEUE)(poolWorkqueue));
  if (read === undefined || read.pool !== pool) return undefined;
  return attempt([], 'Workqueue', () => workqueueName(dump, read.workqueue));
}

function workqueueName(dump: Dump, workqueue: VirtualAddress): string {
  return dump.reader('workqueue_struct', WORKQUEUE)(workqueue).name;
}

/**
 * The delayed work among pending timers, which the kernel keeps nowhere else: timers that call
 * `delayed_work_timer_fn`. Empty, and a problem noted, where the kernel does not name that function.
 */
export function delayedWork(dump: Dump, timers: TimerWheels, problems: string[]): DelayedWork[] {
  const caller = attempt(
    problems,
    'Delayed work',
    () => dump.symbols.find('delayed_work_timer_fn')[0]?.address,
  );
  const found: DelayedWork[] = [];
  for (const timer of timers.wheels.flatMap((wheel) => wheel.timers)) {
    if (timer.function !== caller) continue;
    attempt(problems, 'Delayed work', () => {
      const address = dump.containerOf(timer.address, 'delayed_work', 'timer');
      const work = dump.reader('delayed_work', DELAYED)(address);
      const workqueue = attempt([], 'Workqueue', () => workqueueName(dump, work.workqueue));
      found.push({ address: addTo(address, 0), function: work.function, workqueue, expires: timer.expires });
    });
  }
  return found;
}
