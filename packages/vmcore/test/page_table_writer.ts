import type { FlatMemory } from './flat_memory.ts';

/** Builds x86_64 page tables in a test's memory. */
export class PageTableWriter {
  readonly top: number;
  readonly #memory: FlatMemory;
  readonly #levels: 4 | 5;
  readonly #encryption: bigint;
  #next: number;

  /** Tables are put at `start` and after it; entries get the encryption bit. */
  constructor(memory: FlatMemory, levels: 4 | 5, start: number, encryption = 0n) {
    this.#memory = memory;
    this.#levels = levels;
    this.#encryption = encryption;
    this.top = start;
    this.#next = start + 4096;
    memory.put(start, new Uint8Array(4096));
  }

  /** Maps a page of 4 KB, 2 MB or 1 GB. */
  map(virtual: bigint, physical: number, size = 4096): void {
    const last = { 4096: 1, [2 ** 21]: 2, [2 ** 30]: 3 }[size] as number;
    let table = this.top;
    for (let level = this.#levels; level > last; level--) table = this.#nextTable(table, virtual, level);
    const flags = last === 1 ? 0x63n : 0xe3n;
    this.#memory.u64(
      this.entry(table, virtual, last),
      BigInt(physical) | flags | this.#encryption | (1n << 63n),
    );
  }

  /** Physical address of the entry for an address in a table of a level. */
  entry(table: number, virtual: bigint, level: number): number {
    return table + 8 * Number((virtual >> BigInt(12 + 9 * (level - 1))) & 511n);
  }

  #nextTable(table: number, virtual: bigint, level: number): number {
    const at = this.entry(table, virtual, level);
    const known = this.#memory.page(Math.floor(at / 4096));
    const entry = typeof known === 'string' ? 0n : new DataView(known.buffer).getBigUint64(at % 4096, true);
    if (entry !== 0n) return Number(entry & 0xf_ffff_ffff_f000n & ~this.#encryption);
    const fresh = this.#next;
    this.#next += 4096;
    this.#memory.put(fresh, new Uint8Array(4096));
    this.#memory.u64(at, BigInt(fresh) | 0x67n | this.#encryption);
    return fresh;
  }
}
