import { type ByteSource, copyOf } from '@kcrash/vmcore/bytes/byte_source';
import { FrameBitmap } from '@kcrash/vmcore/container/frame_bitmap';
import type { PhysicalMemory } from '@kcrash/vmcore/physical_memory';
import type { Layout } from './layout.ts';
import type { Overlay } from './overlay.ts';
import { littleEndian } from './values.ts';

const DESCRIPTOR_BYTES = 24;

/**
 * Changes physical memory in a dump file. In a kdump-compressed file a changed page is put at the file's end,
 * uncompressed, and its descriptor is pointed there.
 */
export class MemoryWriter {
  readonly #file: Overlay;
  readonly #layout: Layout;
  readonly #memory: PhysicalMemory;
  readonly #held: FrameBitmap | undefined;
  /** Changed pages of a kdump file, and where each is. */
  readonly #moved = new Map<number, number>();

  /** `whole` is the undamaged file, `memory` its memory. */
  constructor(file: Overlay, layout: Layout, whole: ByteSource, memory: PhysicalMemory) {
    this.#file = file;
    this.#layout = layout;
    this.#memory = memory;
    if (layout.kdump === undefined) return;
    const { bitmaps, frames } = layout.kdump;
    const half = bitmaps.length / 2;
    this.#held = new FrameBitmap(whole, bitmaps.offset + half, half, frames);
  }

  /** Writes bytes that lie in one page; whether the dump holds that page. */
  write(address: number, bytes: Uint8Array): boolean {
    if (this.#layout.kdump !== undefined) return this.#writePage(address, bytes);
    const load = this.#layout.loads.find(
      (each) => address >= each.address && address < each.address + each.length,
    );
    if (load === undefined) return false;
    this.#file.write(load.offset + address - load.address, bytes);
    return true;
  }

  /** Gives a page other compressed bytes than its own; whether the dump holds it. */
  replace(frame: number, compressed: Uint8Array, flags: number): boolean {
    if (this.#held?.has(frame) !== true) return false;
    this.#describe(frame, this.#file.append(compressed), compressed.length, flags);
    return true;
  }

  #writePage(address: number, bytes: Uint8Array): boolean {
    const { pageSize } = this.#memory;
    const at = address % pageSize;
    const frame = (address - at) / pageSize;
    if (this.#held?.has(frame) !== true) return false;
    let where = this.#moved.get(frame);
    if (where === undefined) {
      const page = this.#memory.page(frame);
      if (typeof page === 'string') return false;
      where = this.#file.append(copyOf(page));
      this.#moved.set(frame, where);
      this.#describe(frame, where, pageSize, 0);
    }
    this.#file.write(where + at, bytes.subarray(0, pageSize - at));
    return true;
  }

  #describe(frame: number, offset: number, size: number, flags: number): void {
    const { bitmaps } = this.#layout.kdump as NonNullable<Layout['kdump']>;
    const at = bitmaps.offset + bitmaps.length + DESCRIPTOR_BYTES * (this.#held as FrameBitmap).rank(frame);
    this.#file.write(at, littleEndian(BigInt(offset), 8));
    this.#file.write(at + 8, littleEndian(BigInt(size), 4));
    this.#file.write(at + 12, littleEndian(BigInt(flags), 4));
  }
}
