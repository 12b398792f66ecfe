import type { Absence, PhysicalMemory } from '../src/physical_memory.ts';

const PAGE = 4096;

/** Physical memory of a test: pages come into being when they are written, others are absent. */
export class FlatMemory implements PhysicalMemory {
  readonly pageSize = PAGE;
  readonly frameLimit = 2 ** 40;
  readonly pages = new Map<number, Uint8Array>();
  /** What `page` says of pages that were never written. */
  absence: Absence = 'excluded';
  reads = 0;

  page(frame: number): Uint8Array | Absence {
    this.reads++;
    return this.pages.get(frame) ?? this.absence;
  }

  nextHeld(frame: number): number {
    return [...this.pages.keys()].reduce(
      (next, each) => (each >= frame ? Math.min(next, each) : next),
      this.frameLimit,
    );
  }

  /** Writes bytes at a physical address, making its pages. */
  put(address: number, bytes: Uint8Array): void {
    bytes.forEach((byte, n) => {
      this.#writable(address + n)[(address + n) % PAGE] = byte;
    });
  }

  u64(address: number, value: number | bigint): void {
    const page = this.#writable(address);
    new DataView(page.buffer).setBigUint64(address % PAGE, BigInt.asUintN(64, BigInt(value)), true);
  }

  #writable(address: number): Uint8Array {
    const frame = Math.floor(address / PAGE);
    const page = this.pages.get(frame) ?? new Uint8Array(PAGE);
    this.pages.set(frame, page);
    return page;
  }
}
