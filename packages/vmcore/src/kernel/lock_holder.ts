import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { readTasks } from './tasks.ts';

/** Who has a lock. */
export type Holder =
  | { readonly kind: 'task'; readonly task: VirtualAddress }
  | {
      readonly kind: 'readers';
      readonly count: number;
      /** The reader that came last, who may have left since; undefined where the lock does not say. */
      readonly last: VirtualAddress | undefined;
    }
  /** Nobody: it was free when the machine crashed, and who waits was about to get it. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly why: string };

const MUTEX = { owner: field.big('owner.counter') };
const RWSEM = { count: field.big('count.counter'), owner: field.big('owner.counter') };
const PERCPU_RWSEM = { writer: field.pointer('writer.task') };

/** Low bits of `mutex.owner`: somebody waits, who is to get it, and has been given it. */
const MUTEX_FLAGS = 7n;
const MUTEX_WAITERS = 1n;

/** Bits of `rw_semaphore.count`; readers are counted from bit 8 on. */
const RWSEM_WRITER = 1n;
const RWSEM_WAITERS = 2n;
const RWSEM_READERS = 8n;
/** Low bits of `rw_semaphore.owner`: it belongs to readers, and who wants it does not spin. */
const RWSEM_OWNER_FLAGS = 3n;
const RWSEM_READER_OWNED = 1n;

/**
 * Who has a mutex that somebody waits for. Undefined where what lies there can be none: its flag of waiters is
 * not set, or its owner is no task. Throws what reading memory throws.
 */
export function mutexHolder(dump: Dump, at: VirtualAddress): Holder | undefined {
  const { owner } = dump.reader('mutex', MUTEX)(at);
  const word = virtualAddress(owner);
  if ((word & MUTEX_WAITERS) === 0n) return undefined;
  return taskHolder(dump, word & ~MUTEX_FLAGS);
}

/**
 * Who has an rwsem that somebody waits for. Undefined where what lies there can be none: its flag of waiters
 * is not set, or its owner is no task. Throws what reading memory throws.
 */
export function rwsemHolder(dump: Dump, at: VirtualAddress): Holder | undefined {
  const { count, owner } = dump.reader('rw_semaphore', RWSEM)(at);
  if ((count & RWSEM_WAITERS) === 0n || count < 0n) return undefined;
  const word = virtualAddress(owner);
  const task = taskHolder(dump, word & ~RWSEM_OWNER_FLAGS);
  if (!task) return undefined;
  if ((count & RWSEM_WRITER) !== 0n) {
    // The writer notes itself just after it has got it.
    return task.kind === 'task' ? task : { kind: 'unknown', why: 'the writer had not noted itself yet' };
  }
  const readers = Number(count >> RWSEM_READERS);
  if (readers === 0) return { kind: 'none' };
  const last = task.kind === 'task' && (word & RWSEM_READER_OWNED) !== 0n ? task.task : undefined;
  return { kind: 'readers', count: readers, last };
}

/** The writer of a per-CPU rwsem, known as long as it waits for readers to leave. */
export function percpuRwsemHolder(dump: Dump, at: VirtualAddress): Holder {
  const { writer } = dump.reader('percpu_rw_semaphore', PERCPU_RWSEM)(at);
  if (writer !== 0n) return { kind: 'task', task: writer };
  return { kind: 'unknown', why: 'a per-CPU rwsem does not note its writer' };
}

function taskHolder(dump: Dump, address: bigint): Holder | undefined {
  if (address === 0n) return { kind: 'none' };
  const task = address as VirtualAddress;
  return readTasks(dump).byAddress.has(task) ? { kind: 'task', task } : undefined;
}

/** A spin lock as it stood (C `struct qspinlock`, of x86_64 and others). */
export interface SpinLock {
  readonly locked: boolean;
  /** Whether a CPU spins for it. */
  readonly contended: boolean;
  /** The CPU that is last in the queue for it, if there is a queue. */
  readonly lastCpu: number | undefined;
  /** The task that has it; undefined in kernels that do not note it (without `CONFIG_DEBUG_SPINLOCK`). */
  readonly owner: VirtualAddress | undefined;
}

const SPIN_LOCK = {
  value: field.number('raw_lock.val.counter'),
  owner: field.optional(field.pointer('owner')),
};

/** Reads a C `raw_spinlock_t`, or the `spinlock_t` that starts with one. Throws what reading memory throws. */
export function readSpinLock(dump: Dump, at: VirtualAddress): SpinLock {
  const read = dump.reader('raw_spinlock', SPIN_LOCK)(addTo(at, 0));
  const value = read.value >>> 0;
  // A byte for the lock, one for the first that spins, then the level and the CPU (less 1) of the last in line.
  const cpu = value >>> 18;
  return {
    locked: (value & 0xff) !== 0,
    contended: value >>> 8 !== 0,
    lastCpu: cpu === 0 ? undefined : cpu - 1,
    owner: read.owner,
  };
}
