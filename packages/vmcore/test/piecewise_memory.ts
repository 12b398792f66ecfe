import { DumpError } from '../src/bytes/errors.ts';

/** Bytes at an address. */
export interface Piece {
  address: bigint;
  bytes: Uint8Array;
}

/** Kernel memory that holds a few pieces and zeros in the rest of their pages; anything else is unmapped. */
export class PiecewiseMemory {
  readonly #pages = new Map<bigint, Uint8Array>();
  /** Pages that were read. */
  readonly touched = new Set<bigint>();

  constructor(pieces: readonly Piece[] = []) {
    for (const piece of pieces) this.add(piece.address, piece.bytes);
  }

  add(address: bigint, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const here = address + BigInt(done);
      const at = Number(here & 0xfffn);
      const part = Math.min(4096 - at, bytes.length - done);
      const page = this.#pages.get(here >> 12n) ?? new Uint8Array(4096);
      page.set(bytes.subarray(done, done + part), at);
      this.#pages.set(here >> 12n, page);
      done += part;
    }
  }

  /** Takes the page of an address out of the memory. */
  drop(address: bigint): void {
    this.#pages.delete(address >> 12n);
  }

  read(address: bigint, length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const here = address + BigInt(done);
      const page = this.#pages.get(here >> 12n);
      if (!page) throw new DumpError('unmapped', `Nothing is mapped at 0x${here.toString(16)}`);
      this.touched.add(here >> 12n);
      const at = Number(here & 0xfffn);
      const part = Math.min(4096 - at, length - done);
      out.set(page.subarray(at, at + part), done);
      done += part;
    }
    return out;
  }
}
