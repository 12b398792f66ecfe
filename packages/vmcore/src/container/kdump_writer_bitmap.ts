import type { Frame } from '../bytes/address.ts';
import type { ByteSink } from '../bytes/byte_sink.ts';

const BLOCK_BYTES = 4096;
const BLOCK_FRAMES = BLOCK_BYTES * 8;

/** What every block shares that has all its bits. */
const FULL = new Uint8Array(BLOCK_BYTES).fill(0xff);

/**
 * One bit per page frame, lowest bit first, to be written to a dump. Memory use: a bit for each frame of the 128 MB
 * around every frame that is set, so that a machine's holes cost nothing, nor does memory without holes.
 */
export class FrameSet {
  /** One past the highest frame that is set. */
  frameLimit: Frame = 0;
  readonly #blocks = new Map<number, Uint8Array>();

  /** Sets the bits of `[start, end)`. */
  add(start: Frame, end: Frame): void {
    if (end > this.frameLimit && end > start) this.frameLimit = end;
    for (let frame = start; frame < end; ) {
      const index = Math.floor(frame / BLOCK_FRAMES);
      const first = index * BLOCK_FRAMES;
      const to = Math.min(end - first, BLOCK_FRAMES);
      if (frame === first && to === BLOCK_FRAMES) this.#blocks.set(index, FULL);
      else setBits(this.#block(index), frame - first, to);
      frame = first + to;
    }
  }

  /** Writes the bitmap to where it lies in a dump; blocks without a bit are left as they are there, zeros. */
  write(sink: ByteSink, offset: number): void {
    for (const [index, block] of this.#blocks) sink.write(offset + index * BLOCK_BYTES, block);
  }

  #block(index: number): Uint8Array {
    let block = this.#blocks.get(index);
    if (block === undefined || block === FULL) {
      block = block === undefined ? new Uint8Array(BLOCK_BYTES) : block.slice();
      this.#blocks.set(index, block);
    }
    return block;
  }
}

function setBits(block: Uint8Array, from: number, to: number): void {
  const first = from >> 3;
  const last = (to - 1) >> 3;
  const low = (0xff << (from & 7)) & 0xff;
  const high = 0xff >> (7 - ((to - 1) & 7));
  block[first] = (block[first] as number) | (first === last ? low & high : low);
  if (first === last) return;
  block.fill(0xff, first + 1, last);
  block[last] = (block[last] as number) | high;
}
