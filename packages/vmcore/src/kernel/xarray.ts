import { addTo, hexAddress, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { sizeOfType } from '../describe/type_layout.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';

/** An entry of an xarray. */
export interface XarrayEntry {
  readonly index: number;
  /** A pointer, with its tag if it has one; `xa_value` where bit 0 is set. */
  readonly entry: VirtualAddress;
}

/** What the walk through an xarray came to. */
export interface XarrayWalk {
  /** By ascending index. */
  readonly entries: XarrayEntry[];
  /** Why they are not all; undefined for a sound xarray. */
  readonly problem: string | undefined;
}

const MOST_ENTRIES = 1 << 20;
const MOST_NODES = 1 << 16;
/** A node spans `1 << shift` indices per slot; a tree over 64-bit indices has no higher one. */
const MOST_SHIFT = 60;

const NODE = { shift: field.number('shift'), slots: field.address('slots') };

/**
 * The entries of a C `struct xarray`, which `struct idr` and `radix_tree_root` are too. Internal entries
 * (`xa_is_internal`: nodes, siblings, retry, zero) are not listed. A node that cannot be read, or that does not
 * lie below its parent, is left out, with the reason. Throws `not-described` and `io`.
 */
export function xarrayEntries(dump: Dump, xarray: VirtualAddress, most = MOST_ENTRIES): XarrayWalk {
  const walk = new Walker(dump, xarray, most);
  walk.start();
  return { entries: walk.entries, problem: walk.problem };
}

class Walker {
  readonly entries: XarrayEntry[] = [];
  problem: string | undefined;
  readonly #dump: Dump;
  readonly #xarray: VirtualAddress;
  readonly #most: number;
  readonly #slots: number;
  readonly #seen = new Set<VirtualAddress>();

  constructor(dump: Dump, xarray: VirtualAddress, most: number) {
    this.#dump = dump;
    this.#xarray = xarray;
    this.#most = most;
    this.#slots = sizeOfType(dump.types.btf, dump.types.place('xa_node', 'slots').type) / 8;
  }

  start(): void {
    const at = addTo(this.#xarray, this.#dump.types.offsetof('xarray', 'xa_head'));
    const head = this.#read(at, 8);
    if (!head) return;
    const entry = u64Big(head, 0) as VirtualAddress;
    if (isNode(entry)) this.#node(entry, 0, MOST_SHIFT + 1);
    else this.#add(0, entry);
  }

  /** `above` is the shift of the node above, which is higher than this one's: so the recursion ends. */
  #node(entry: VirtualAddress, first: number, above: number): void {
    const at = virtualAddress(entry - 2n);
    const node = this.#readNode(at, above);
    if (!node) return;
    for (let slot = 0; slot < this.#slots; slot++) {
      const child = u64Big(node.slots, slot * 8) as VirtualAddress;
      const index = first + slot * 2 ** node.shift;
      if (isNode(child) && node.shift > 0) this.#node(child, index, node.shift);
      else this.#add(index, child);
    }
  }

  #readNode(at: VirtualAddress, above: number): { shift: number; slots: Uint8Array } | undefined {
    const problem = this.#seen.has(at)
      ? `the node at ${hexAddress(at)} is in it twice`
      : this.#seen.size >= MOST_NODES
        ? `it has over ${MOST_NODES} nodes`
        : undefined;
    this.#seen.add(at);
    if (problem !== undefined) {
      this.#note(problem);
      return undefined;
    }
    try {
      const { shift, slots } = this.#dump.reader('xa_node', NODE)(at);
      if (shift < above) return { shift, slots: this.#dump.memory.read(slots, this.#slots * 8) };
      this.#note(`the node at ${hexAddress(at)} has shift ${shift}, the one above it ${above}`);
    } catch (error) {
      this.#failed(error);
    }
    return undefined;
  }

  #add(index: number, entry: VirtualAddress): void {
    if (entry === 0n || (entry & 3n) === 2n) return;
    if (this.entries.length < this.#most) this.entries.push({ index, entry });
    else this.#note(`it has over ${this.#most} entries`);
  }

  #read(at: VirtualAddress, length: number): Uint8Array | undefined {
    try {
      return this.#dump.memory.read(at, length);
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
    this.#note(error.message);
  }

  #note(why: string): void {
    this.problem ??= `The xarray at ${hexAddress(this.#xarray)} is not whole: ${why}`;
  }
}

/** `xa_is_node`: an internal entry that is no small number. */
function isNode(entry: bigint): boolean {
  return (entry & 3n) === 2n && entry > 4096n;
}
