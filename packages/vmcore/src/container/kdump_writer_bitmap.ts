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

  /** Calls `visit` with each frame that is set, ascending. */
  forEach(visit: (frame: Frame) => void): void {
    for (const index of [...this.#blocks.keys()].sort((a, b) => a - b)) {
      const block = this.#blocks.get(index) as Uint8Array;
      for (let at = 0; at < BLOCK_BYTES; at++) {
        for (let byte = block[at] as number, bit = 0; byte !== 0; byte >>= 1, bit++)
          if ((byte & 1) !== 0) visit(index * BLOCK_FRAMES + at * 8 + bit);
      }
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
  for (let bit = from; bit < to; ) {
    if ((bit & 7) === 0 && to - bit >= 8) {
      const bytes = (to - bit) >> 3;
      block.fill(0xff, bit >> 3, (bit >> 3) + bytes);
      bit += bytes * 8;
    } else {
      block[bit >> 3] = (block[bit >> 3] as number) | (1 << (bit & 7));
      bit++;
    }
  }
}
