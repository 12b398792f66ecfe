import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { type KernelMemory, wordAt } from '../describe/kernel_memory.ts';
import type { Dump } from '../dump.ts';

/** What a walk along a list of the kernel came to. */
export interface Walk {
  /**
   * Where its nodes lie, in the list's order and each once; of a `list_head` walked both ways because it is
   * damaged, those found from the far end come last.
   */
  readonly nodes: VirtualAddress[];
  /** Why the list is not whole, one sentence; undefined for a sound list. */
  readonly problem: string | undefined;
}

/** Links of a damaged list that are followed unless the caller knows better. No list of a kernel is longer. */
const MOST_NODES = 1 << 20;

const NULL = 0n as VirtualAddress;

/**
 * The nodes of a circular list (C `struct list_head`) without its head. A damaged one (a circle that misses
 * the head, a pointer to nowhere) gives what can be reached from both its ends, and the reason. Throws only
 * `io`.
 */
export function listNodes(memory: KernelMemory, head: VirtualAddress, most = MOST_NODES): Walk {
  const seen = new Set<VirtualAddress>();
  const problem = follow(memory, head, NEXT, head, seen, most);
  if (problem === undefined) return { nodes: [...seen], problem };
  // What lies behind the damage is still linked from the other end.
  const back = new Set<VirtualAddress>();
  follow(memory, head, PREVIOUS, head, back, most);
  const behind = [...back].filter((node) => !seen.has(node)).reverse();
  return { nodes: [...seen, ...behind].slice(0, most), problem };
}

/**
 * The nodes of a list that ends in NULL (C `struct hlist_head`, `llist_head`) or in an odd value
 * (`hlist_nulls_head`); `head` is where the head lies. Damage gives what comes before it. Throws only `io`.
 */
export function hlistNodes(memory: KernelMemory, head: VirtualAddress, most = MOST_NODES): Walk {
  const seen = new Set<VirtualAddress>();
  const problem = follow(memory, head, NEXT, NULL, seen, most);
  return { nodes: [...seen], problem };
}

/** Objects on a list, and why they are not all. */
export interface Entries {
  readonly entries: VirtualAddress[];
  readonly problem: string | undefined;
}

/**
 * `list_for_each_entry`: the objects of a type that hang on a `list_head` by a member. Throws `not-described`
 * where the kernel lacks type or member, and `io`.
 */
export function listEntries(
  dump: Dump,
  head: VirtualAddress,
  type: string,
  member: string,
  most = MOST_NODES,
): Entries {
  const offset = dump.types.offsetof(type, member);
  const { nodes, problem } = listNodes(dump.memory, head, most);
  return { entries: nodes.map((node) => addTo(node, -offset)), problem };
}

/** `hlist_for_each_entry`: the same for a list that ends in NULL. */
export function hlistEntries(
  dump: Dump,
  head: VirtualAddress,
  type: string,
  member: string,
  most = MOST_NODES,
): Entries {
  const offset = dump.types.offsetof(type, member);
  const { nodes, problem } = hlistNodes(dump.memory, head, most);
  return { entries: nodes.map((node) => addTo(node, -offset)), problem };
}

/** Offsets of the links in `struct list_head`; `next` is at 0 in the other lists too. */
const NEXT = 0;
const PREVIOUS = 8;

/** Collects nodes up to `end`; why it stopped before that is the result. */
function follow(
  memory: KernelMemory,
  head: VirtualAddress,
  link: number,
  end: VirtualAddress,
  seen: Set<VirtualAddress>,
  most: number,
): string | undefined {
  let at = head;
  for (;;) {
    let next: VirtualAddress;
    try {
      next = wordAt(memory, link === 0 ? at : addTo(at, link)) as VirtualAddress;
    } catch (error) {
      if (error instanceof DumpError && error.code !== 'io') {
        if (at !== head) seen.delete(at);
        return `The list at ${hexAddress(head)} breaks off after ${seen.size} nodes: ${error.message}`;
      }
      throw error;
    }
    if (next === end || (end === NULL && (next & 1n) === 1n)) return undefined;
    if (seen.has(next) || next === head) {
      return `The list at ${hexAddress(head)} runs in a circle after ${seen.size} nodes, at ${hexAddress(next)}`;
    }
    if (seen.size >= most) return `The list at ${hexAddress(head)} has over ${most} nodes`;
    seen.add(next);
    at = next;
  }
}
