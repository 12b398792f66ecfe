import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { type Holder, mutexHolder, rwsemHolder } from './lock_holder.ts';
import { taskStackBounds } from './stack_bounds.ts';
import { readTasks, type Task } from './tasks.ts';
import { futexWait, queueWait } from './wait_queue.ts';
import { pointerAt, type Ring, type Waiter, waitersOnStack } from './waiters.ts';

/** What a task may wait for. */
export type WaitKind =
  | 'mutex'
  | 'rwsem'
  | 'semaphore'
  | 'rt_mutex'
  | 'percpu_rwsem'
  | 'completion'
  /** A bit of a folio: its lock, or the end of its writeback. */
  | 'folio'
  /** A bit of any word. */
  | 'bit'
  /** Any variable, to change. */
  | 'variable'
  /** A word of user space. */
  | 'futex'
  /** Any event. */
  | 'wait queue'
  /** Any event, on a `struct swait_queue_head`: a completion, if nothing tells more. */
  | 'simple wait queue';

/** What a task waits for, and who has it. */
export interface Wait {
  readonly kind: WaitKind;
  /** Where the lock, folio, word or wait queue lies. */
  readonly address: VirtualAddress;
  /** Whether it wants an rwsem to read or to write; the folio's bit, such as `PG_locked`. */
  readonly wants: string | undefined;
  readonly holder: Holder;
  /** C `struct task_struct *` of all that wait, first in line first; empty where the queue is one for many. */
  readonly queue: readonly VirtualAddress[];
  /** The struct on the task's stack that says so. */
  readonly waiter: VirtualAddress;
}

const RT_WAITER = { task: field.pointer('task'), lock: field.pointer('lock') };
const RT_MUTEX = { owner: field.pointer('owner') };
const RWSEM_WAITER = { type: field.number('type') };
const COMPLETION = { done: field.number('done') };
const BLOCKED_ON = { waiter: field.optional(field.pointer('pi_blocked_on')) };

/** The lock that a function of the kernel sleeps for. */
const FUNCTIONS: readonly (readonly [RegExp, WaitKind])[] = [
  [/^(__)?(ww_)?mutex_lock/, 'mutex'],
  [/^(rwsem_down_|(__)?down_(read|write))/, 'rwsem'],
  [/^(_{2,3}down(_|\.|$)|down(_interruptible|_killable|_timeout)?$)/, 'semaphore'],
  [/^((do_|__)?wait_for_(common|completion))/, 'completion'],
];

const LOCKS = ['mutex', 'rwsem', 'semaphore'] as const;
const NULL = 0n as VirtualAddress;

const NOBODY_KNOWS: Readonly<Partial<Record<WaitKind, string>>> = {
  semaphore: 'a semaphore does not note who took it',
  completion: 'nobody holds a completion: some other code must complete it',
  'simple wait queue': 'nobody holds a wait queue: some other code must wake it',
};

/**
 * What a sleeping task waits for, and who holds it. Nothing on its stack is believed that two things do not
 * witness: a waiter there names the task, and its list leads around through it and the lock. `functions` are
 * the names of the task's stack frames, innermost first: they tell a semaphore or a completion from other
 * things, and a mutex from an rwsem where what lies in memory could be either; without them these are not
 * claimed.
 *
 * Empty for what sleeps for none of these, and for a task that runs. A spin lock does not show here: who spins
 * does not sleep. Throws `not-described` and `io`.
 */
export function waitsOf(dump: Dump, task: Task, functions: readonly string[] = []): Wait[] {
  if (task.onCpu) return [];
  const waits: Wait[] = [];
  const rtMutex = attempt([], 'rt_mutex', () => rtMutexWait(dump, task));
  if (rtMutex) waits.push(rtMutex);
  for (const waiter of waitersOnStack(dump, task)) {
    const wait = attempt([], 'Wait', () => waitOf(dump, waiter, functions));
    if (wait) waits.push(wait);
  }
  return waits;
}

function waitOf(dump: Dump, waiter: Waiter, functions: readonly string[]): Wait | undefined {
  switch (waiter.form) {
    case 'list':
      return lockWait(dump, waiter, functions);
    case 'swait':
      return completionWait(dump, waiter, functions);
    case 'queue':
      return queueWait(dump, waiter);
    case 'futex':
      return futexWait(dump, waiter);
  }
}

/** `task_struct.pi_blocked_on` says it, and what it points at names the task again. */
function rtMutexWait(dump: Dump, task: Task): Wait | undefined {
  const { waiter } = dump.reader('task_struct', BLOCKED_ON)(task.address);
  if (waiter === undefined || waiter === 0n) return undefined;
  const read = dump.reader('rt_mutex_waiter', RT_WAITER)(waiter);
  if (read.task !== task.address) return undefined;
  const owner = dump.reader('rt_mutex_base', RT_MUTEX)(read.lock).owner & ~1n;
  return {
    kind: 'rt_mutex',
    address: read.lock,
    wants: undefined,
    holder: owner === 0n ? { kind: 'none' } : { kind: 'task', task: owner as VirtualAddress },
    queue: [],
    waiter,
  };
}

/** A mutex, an rwsem or a semaphore. */
function lockWait(dump: Dump, waiter: Waiter, functions: readonly string[]): Wait | undefined {
  const member = dump.types.offsetof('mutex_waiter', 'task') - dump.types.offsetof('mutex_waiter', 'list');
  const line = waiter.ring.once(member, () => lineOf(dump, waiter.ring, member));
  if (!line) return undefined;
  const named = kindByFunctions(functions);
  // What lies before the list of a mutex or rwsem says what it is; a semaphore's count of 0 says little.
  const kinds = named === undefined ? (['mutex', 'rwsem'] as const) : LOCKS.filter((kind) => kind === named);
  const waits = kinds
    .map((kind) => attempt([], kind, () => lockAt(dump, kind, line, waiter)))
    .filter((wait) => wait !== undefined);
  return waits.length === 1 ? waits[0] : undefined;
}

/** A list's head, and the tasks on it from the first in line. */
interface Line {
  readonly head: VirtualAddress;
  readonly queue: readonly VirtualAddress[];
}

/**
 * Of the nodes of a list of waiters, one is no waiter on the stack of the task that it names: the head, which is
 * part of the lock. Undefined unless it is exactly one. `member` is the task's offset from the node.
 */
function lineOf(dump: Dump, ring: Ring, member: number): Line | undefined {
  const { byAddress } = readTasks(dump);
  const queue: VirtualAddress[] = [];
  let head: VirtualAddress | undefined;
  let before = 0;
  for (const node of ring.nodes) {
    const named = byAddress.get(pointerAt(dump, addTo(node, member)) ?? NULL);
    const bounds = named && taskStackBounds(dump, named.stack);
    if (named && bounds && node >= named.stackPointer && node < bounds.high) queue.push(named.address);
    else if (head === undefined) {
      head = node;
      before = queue.length;
    } else return undefined;
  }
  if (head === undefined) return undefined;
  // The list starts behind its head.
  return { head, queue: [...queue.slice(before), ...queue.slice(0, before)] };
}

/** The kind that the innermost frame that tells says. */
function kindByFunctions(functions: readonly string[]): WaitKind | undefined {
  for (const name of functions) {
    const found = FUNCTIONS.find(([pattern]) => pattern.test(name));
    if (found) return found[1];
  }
  return undefined;
}

/** The lock of a kind whose list of waiters starts at `head`, if what lies there can be one. */
function lockAt(
  dump: Dump,
  kind: 'mutex' | 'rwsem' | 'semaphore',
  { head, queue }: Line,
  waiter: Waiter,
): Wait | undefined {
  const type = kind === 'rwsem' ? 'rw_semaphore' : kind;
  const address = dump.containerOf(head, type, 'wait_list');
  const base = { kind, address, queue, waiter: waiter.address } as const;
  if (kind === 'semaphore') {
    const count = dump.memory.i32(addTo(address, dump.types.offsetof('semaphore', 'count')));
    if (count !== 0) return undefined;
    return { ...base, wants: undefined, holder: { kind: 'unknown', why: NOBODY_KNOWS.semaphore ?? '' } };
  }
  if (kind === 'mutex') {
    const holder = mutexHolder(dump, address);
    return holder && { ...base, wants: undefined, holder };
  }
  const holder = rwsemHolder(dump, address);
  const { type: wanted } = dump.reader('rwsem_waiter', RWSEM_WAITER)(waiter.address);
  // `enum rwsem_waiter_type`.
  if (!holder || wanted > 1) return undefined;
  return { ...base, wants: wanted === 0 ? 'write' : 'read', holder };
}

function completionWait(dump: Dump, waiter: Waiter, functions: readonly string[]): Wait | undefined {
  const { types } = dump;
  const member = types.offsetof('swait_queue', 'task') - types.offsetof('swait_queue', 'task_list');
  const line = waiter.ring.once(member, () => lineOf(dump, waiter.ring, member));
  if (!line) return undefined;
  const completion = dump.containerOf(line.head, 'completion', 'wait.task_list');
  const named = kindByFunctions(functions) === 'completion';
  const kind =
    named && dump.reader('completion', COMPLETION)(completion).done === 0
      ? 'completion'
      : 'simple wait queue';
  return {
    kind,
    address:
      kind === 'completion' ? completion : dump.containerOf(line.head, 'swait_queue_head', 'task_list'),
    wants: undefined,
    holder: { kind: 'unknown', why: NOBODY_KNOWS[kind] ?? '' },
    queue: line.queue,
    waiter: waiter.address,
  };
}

/** Circles of tasks that each wait for the next: deadlocks. Each circle is given once, from its first task. */
export function waitCycles(waits: ReadonlyMap<VirtualAddress, readonly Wait[]>): VirtualAddress[][] {
  const cycles: VirtualAddress[][] = [];
  const done = new Set<VirtualAddress>();
  for (const start of waits.keys()) {
    const path: VirtualAddress[] = [];
    let at: VirtualAddress | undefined = start;
    while (at !== undefined && !done.has(at) && !path.includes(at)) {
      path.push(at);
      at = holderTask(waits.get(at));
    }
    if (at !== undefined && path.includes(at)) cycles.push(path.slice(path.indexOf(at)));
    for (const task of path) done.add(task);
  }
  return cycles;
}

function holderTask(waits: readonly Wait[] | undefined): VirtualAddress | undefined {
  for (const { holder } of waits ?? []) if (holder.kind === 'task') return holder.task;
  return undefined;
}
