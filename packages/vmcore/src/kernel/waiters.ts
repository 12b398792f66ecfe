import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { highHalf, i32, lowHalf, u32, u64Big } from '../bytes/cursor.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { listNodes } from './list.ts';
import { taskStackBounds } from './stack_bounds.ts';
import type { Task } from './tasks.ts';

/**
 * What a sleeping task put on its stack to be found by who wakes it, in the five forms that the kernel has:
 * - `list`: `struct mutex_waiter`, `rwsem_waiter` and `semaphore_waiter`, which start alike
 * - `swait`: `struct swait_queue`
 * - `queue`: `struct wait_queue_entry`
 * - `futex`: `struct futex_q`
 */
export type WaiterForm = 'list' | 'swait' | 'queue' | 'futex';

/** A waiter that two things witness: it names its task, and the list that it hangs on is whole. */
export interface Waiter {
  readonly form: WaiterForm;
  /** Where the struct starts. */
  readonly address: VirtualAddress;
  /** The other nodes of its list, in order from it: further waiters, and the list's head. */
  readonly others: readonly VirtualAddress[];
}

/** Where a form of waiter keeps its task and its list node. */
interface Shape {
  readonly form: WaiterForm;
  readonly task: number;
  readonly node: number;
}

/** No lock has more waiters that matter. */
const MOST_WAITERS = 1 << 16;

function shapes(dump: Dump): Shape[] {
  const { types } = dump;
  const shape = (form: WaiterForm, type: string, task: string, node: string): Shape => ({
    form,
    task: types.offsetof(type, task),
    node: types.offsetof(type, node),
  });
  const forms: Shape[] = [];
  const problems: string[] = [];
  for (const make of [
    () => shape('list', 'mutex_waiter', 'task', 'list'),
    () => shape('list', 'rwsem_waiter', 'task', 'list'),
    () => shape('list', 'semaphore_waiter', 'task', 'list'),
    () => shape('swait', 'swait_queue', 'task', 'task_list'),
    () => shape('queue', 'wait_queue_entry', 'private', 'entry'),
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
 * around through it in both directions: what an earlier sleep left there does not. Throws `io`.
 */
export function waitersOnStack(dump: Dump, task: Task): Waiter[] {
  const found: Waiter[] = [];
  const all = dump.once(shapes);
  for (const at of occurrences(dump, task)) {
    for (const { form, task: member, node } of all) {
      const address = addTo(at, -member);
      if (address < task.stackPointer) continue;
      const others = ring(dump, addTo(address, node));
      if (others) found.push({ form, address, others });
    }
  }
  return found;
}

/** Where on the live part of its stack a task's own address stands. */
function occurrences(dump: Dump, task: Task): VirtualAddress[] {
  const found: VirtualAddress[] = [];
  const bounds = taskStackBounds(dump, task.stack);
  const start = virtualAddress((task.stackPointer + 7n) & ~7n);
  if (!bounds || start < bounds.low || start >= bounds.high) return found;
  const bytes = dump.memory.tryRead(start, Number(bounds.high - start));
  if (bytes === undefined) return found;
  const low = lowHalf(task.address);
  const high = highHalf(task.address);
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    if (i32(bytes, at) === (low | 0) && u32(bytes, at + 4) === high) found.push(addTo(start, at));
  }
  return found;
}

/** The other nodes of the circular list that a node is on; undefined if it is on none. */
function ring(dump: Dump, node: VirtualAddress): VirtualAddress[] | undefined {
  // Most candidates are none: a look at both neighbours tells without walking on.
  const next = pointerAt(dump, node);
  const previous = pointerAt(dump, addTo(node, 8));
  if (next === undefined || next === node || pointerAt(dump, addTo(next, 8)) !== node) return undefined;
  if (previous === undefined || pointerAt(dump, previous) !== node) return undefined;
  const { nodes, problem } = listNodes(dump.memory, node, MOST_WAITERS);
  if (problem !== undefined) return undefined;
  for (const [n, at] of nodes.entries()) {
    if (pointerAt(dump, addTo(at, 8)) !== (n === 0 ? node : nodes[n - 1])) return undefined;
  }
  return nodes;
}

/** The pointer at an address, undefined where no pointer can be or nothing is. */
export function pointerAt(dump: Dump, at: VirtualAddress): VirtualAddress | undefined {
  // Asking first is cheaper than an error that is caught.
  if ((at & 7n) !== 0n || dump.memory.translate(at) === undefined) return undefined;
  const bytes = dump.memory.tryRead(at, 8);
  return bytes && virtualAddress(u64Big(bytes, 0));
}
