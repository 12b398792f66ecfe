import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { highHalf, lowHalf, u32, u64Big } from '../bytes/cursor.ts';
import { wordsOf } from '../bytes/words.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { listNodes } from './list.ts';
import { taskStackBounds } from './stack_bounds.ts';
import type { Task } from './tasks.ts';

/**
 * What a sleeping task put on its stack to be found by who wakes it, in the five forms that the kernel has:
 * - `list`: `struct mutex_waiter`, `rwsem_waiter` and `semaphore_waiter`, which start alike; the last is not asked
 *   for, since it stands far back in the BTF, and finding it alone reads a fifth of all that is read of that
 * - `swait`: `struct swait_queue`
 * - `queue`: `struct wait_queue_entry`
 * - `futex`: `struct futex_q`
 */
export type WaiterForm = 'list' | 'swait' | 'queue' | 'futex';

/** A circular list that is whole: each node points at the next, and back at the one before. */
export class Ring {
  /** In the list's order: waiters, and the list's head among them. */
  readonly nodes: readonly VirtualAddress[];
  readonly #set: ReadonlySet<VirtualAddress>;
  readonly #made = new Map<unknown, unknown>();

  constructor(nodes: readonly VirtualAddress[]) {
    this.nodes = nodes;
    this.#set = new Set(nodes);
  }

  has(node: VirtualAddress): boolean {
    return this.#set.has(node);
  }

  /** What is found out of the list, once for all of its waiters: thousands may wait for one thing. */
  once<T>(key: unknown, make: () => T): T {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as T;
  }
}

/** A waiter that two things witness: it names its task, and the list that it hangs on is whole. */
export interface Waiter {
  readonly form: WaiterForm;
  /** Where the struct starts. */
  readonly address: VirtualAddress;
  readonly ring: Ring;
}

/** Where a form of waiter keeps its task and its list node. */
interface Shape {
  readonly form: WaiterForm;
  readonly task: number;
  readonly node: number;
  /** Where the function stands that wakes it, if it has one. */
  readonly code: number | undefined;
}

/** No lock has more waiters that matter. */
const MOST_WAITERS = 1 << 16;

function shapes(dump: Dump): Shape[] {
  const { types } = dump;
  const shape = (form: WaiterForm, type: string, task: string, node: string, code?: string): Shape => ({
    form,
    task: types.offsetof(type, task),
    node: types.offsetof(type, node),
    code: code === undefined ? undefined : types.offsetof(type, code),
  });
  const forms: Shape[] = [];
  const problems: string[] = [];
  for (const make of [
    () => shape('list', 'mutex_waiter', 'task', 'list'),
    () => shape('list', 'rwsem_waiter', 'task', 'list'),
    () => shape('swait', 'swait_queue', 'task', 'task_list'),
    () => shape('queue', 'wait_queue_entry', 'private', 'entry', 'func'),
    () => shape('futex', 'futex_q', 'task', 'list.node_list'),
  ]) {
    const made = attempt(problems, 'Waiter', make);
    const known =
      made &&
      forms.some(({ form, task, node }) => form === made.form && task === made.task && node === made.node);
    if (made && !known) forms.push(made);
  }
  return forms;
}

/**
 * The waiters on the stack of a task that was switched out. Each names the task, and hangs on a list that leads
 * around through it in both directions: what an earlier sleep left there does not. Throws `not-described` and
 * `io`.
 */
export function waitersOnStack(dump: Dump, task: Task): Waiter[] {
  const found: Waiter[] = [];
  const bounds = taskStackBounds(dump, task.stack);
  const start = virtualAddress((task.stackPointer + 7n) & ~7n);
  if (!bounds || start < bounds.low || start >= bounds.high) return found;
  const bytes = dump.memory.tryRead(start, Number(bounds.high - start));
  if (bytes === undefined) return found;
  const all = dump.once(shapes);
  const missed = new Set<number>();
  for (const at of occurrences(bytes, task.address)) {
    for (const { form, task: member, node, code } of all) {
      const place = at - member;
      if (place < 0 || !mayBeNode(bytes, place + node) || !mayBeCode(bytes, place, code)) continue;
      // Two forms have their node at the same distance from the task.
      if (missed.has(place + node)) continue;
      const ring = ringOf(dump, addTo(start, place + node), u64Big(bytes, place + node));
      if (ring) found.push({ form, address: addTo(start, place), ring });
      else missed.add(place + node);
    }
  }
  return found;
}

/** Where in a piece of a stack an address stands. */
function occurrences(bytes: Uint8Array, address: VirtualAddress): number[] {
  const found: number[] = [];
  const low = lowHalf(address);
  const high = highHalf(address);
  const words = wordsOf(bytes);
  for (let n = 0; n + 2 <= words.length; n += 2) {
    if (words[n] === low && words[n + 1] === high) found.push(n * 4);
  }
  return found;
}

/** Whether two addresses of the kernel stand there: cheap, and most candidates are none. */
function mayBeNode(bytes: Uint8Array, at: number): boolean {
  if (at + 16 > bytes.length) return false;
  for (const link of [at, at + 8]) {
    if (u32(bytes, link + 4) < 0x8000_0000 || (u32(bytes, link) & 7) !== 0) return false;
  }
  return true;
}

/** Whether an address of code may stand there: that of x86_64 lies in the last 2 GiB. */
function mayBeCode(bytes: Uint8Array, place: number, code: number | undefined): boolean {
  if (code === undefined) return true;
  return place + code + 8 <= bytes.length && u32(bytes, place + code + 4) === 0xffff_ffff;
}

/** The circular list that a node is on; undefined if it is on none. `next` is what the node points at. */
function ringOf(dump: Dump, node: VirtualAddress, next: bigint): Ring | undefined {
  const known = dump.once(ringsByNode);
  const found = known.get(node);
  // Most candidates fail here.
  if (found || next === node || pointerAt(dump, virtualAddress(next + 8n)) !== node) return found;
  const { nodes, problem } = listNodes(dump.memory, node, MOST_WAITERS);
  if (problem !== undefined) return undefined;
  const all = [node, ...nodes];
  for (const [n, at] of all.entries()) {
    if (pointerAt(dump, addTo(at, 8)) !== all.at(n - 1)) return undefined;
  }
  const ring = new Ring(all);
  for (const at of all) known.set(at, ring);
  return ring;
}

function ringsByNode(): Map<VirtualAddress, Ring> {
  return new Map();
}

/** The pointer at an address, undefined where no pointer can be or nothing is. */
export function pointerAt(dump: Dump, at: VirtualAddress): VirtualAddress | undefined {
  // Asking first is cheaper than an error that is caught.
  if ((at & 7n) !== 0n || dump.memory.translate(at) === undefined) return undefined;
  const bytes = dump.memory.tryRead(at, 8);
  return bytes && virtualAddress(u64Big(bytes, 0));
}
