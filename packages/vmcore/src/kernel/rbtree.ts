import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import type { KernelMemory } from '../describe/kernel_memory.ts';
import type { Walk } from './list.ts';

/** Nodes of a tree that are visited unless the caller knows better. */
const MOST_NODES = 1 << 20;
/** A red-black tree of 2^32 nodes is no deeper. */
const MOST_DEPTH = 64;

/** Bytes of C `struct rb_node`, and the offsets of its children. */
const NODE_SIZE = 24;
const RIGHT = 8;
const LEFT = 16;

/**
 * The nodes of a red-black tree (C `struct rb_root`, or the `rb_root` at the start of `rb_root_cached`) in
 * order. A subtree that cannot be read, or that leads back into the tree, is left out, with the reason. Throws
 * only `io`.
 */
export function rbNodes(memory: KernelMemory, root: VirtualAddress, most = MOST_NODES): Walk {
  const nodes: VirtualAddress[] = [];
  const seen = new Set<VirtualAddress>();
  /** Nodes whose left subtree is being visited, with their right child. */
  const path: { node: VirtualAddress; right: VirtualAddress }[] = [];
  let problem: string | undefined;
  const note = (why: string) => {
    problem ??= `The tree at ${hexAddress(root)} is not whole: ${why}`;
  };
  let at = pointer(memory, root, note);
  for (;;) {
    if (at !== undefined && at !== 0n) {
      if (seen.has(at)) note(`${hexAddress(at)} is in it twice`);
      else if (seen.size >= most) note(`it has over ${most} nodes`);
      else if (path.length >= MOST_DEPTH) note(`it is deeper than ${MOST_DEPTH}`);
      else {
        seen.add(at);
        const children = readNode(memory, at, note);
        if (children) {
          path.push({ node: at, right: children.right });
          at = children.left;
          continue;
        }
      }
    }
    const done = path.pop();
    if (!done) return { nodes, problem };
    nodes.push(done.node);
    at = done.right;
  }
}

function readNode(
  memory: KernelMemory,
  at: VirtualAddress,
  note: (why: string) => void,
): { left: VirtualAddress; right: VirtualAddress } | undefined {
  const bytes = tryRead(memory, at, NODE_SIZE, note);
  if (!bytes) return undefined;
  const child = (offset: number) => u64Big(bytes, offset) as VirtualAddress;
  return { left: child(LEFT), right: child(RIGHT) };
}

function pointer(
  memory: KernelMemory,
  at: VirtualAddress,
  note: (why: string) => void,
): VirtualAddress | undefined {
  const bytes = tryRead(memory, at, 8, note);
  return bytes ? (u64Big(bytes, 0) as VirtualAddress) : undefined;
}

function tryRead(
  memory: KernelMemory,
  at: VirtualAddress,
  length: number,
  note: (why: string) => void,
): Uint8Array | undefined {
  try {
    return memory.read(at, length);
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
    note(error.message);
    return undefined;
  }
}

/** `rb_entry` for each node of a tree: where the objects lie that hold `node` at an offset. */
export function rbEntries(
  memory: KernelMemory,
  root: VirtualAddress,
  offset: number,
  most = MOST_NODES,
): { entries: VirtualAddress[]; problem: string | undefined } {
  const { nodes, problem } = rbNodes(memory, root, most);
  return { entries: nodes.map((node) => addTo(node, -offset)), problem };
}
