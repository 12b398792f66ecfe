import type { Frame, PhysicalAddress } from './bytes/address.ts';
import type { ByteSource } from './bytes/byte_source.ts';
import { DumpError } from './bytes/errors.ts';

/** Why a dump has no bytes for a page frame. */
export type Absence =
  /** The machine had this page, and whoever wrote the dump left it out. */
  | 'excluded'
  /** The dump should hold the page, but the file ends before it, or that file of a set was not given. */
  | 'cut-off'
  /** No memory of the machine is known at this frame. */
  | 'hole'
  /** The dump holds something here that cannot be the page: bad lengths, or it does not decompress. */
  | 'damaged';

/** Frames that follow one another, of which the same is true. */
export interface Stretch {
  /** One past the last of them. */
  readonly end: Frame;
  /** Whether the dump says that it holds them, or why not. */
  readonly state: 'held' | Absence;
  /** Where their pages lie one after another as they are, for whoever reads many at once. */
  readonly plain?: { readonly source: ByteSource; readonly offset: number };
}

/** The memory of the crashed machine by page frame: what each container of a dump gives. */
export interface PhysicalMemory {
  /** Bytes per page frame; a power of two. */
  readonly pageSize: number;
  /** One past the highest frame that the dump knows of. */
  readonly frameLimit: Frame;
  /**
   * The whole page, or why the dump has none. The bytes are lent: read only, and never overwritten later.
   * Throws only `io`.
   */
  page(frame: Frame): Uint8Array | Absence;
  /**
   * Copies the whole page to `target` and keeps no copy, for who keeps one; or says why the dump has none, with
   * anything in `target`. Throws only `io`.
   */
  copyPage?(frame: Frame, target: Uint8Array): Absence | undefined;
  /**
   * The first frame at or after `frame` that the dump says it holds (`page` may find it cut off or damaged all
   * the same), or `frameLimit`. A loop over all pages takes this, since a damaged dump may claim more frames
   * than anybody can count through.
   */
  nextHeld(frame: Frame): Frame;
  /**
   * What is true of the frame, below `frameLimit`, and of how many after it: a quick look at headers and bitmaps,
   * for passes over all memory.
   */
  stretch?(frame: Frame): Stretch;
}

/** `memory.stretch`, or what `page` and `nextHeld` tell: frames that are absent then all seem so for one reason. */
export function stretchAt(memory: PhysicalMemory, frame: Frame): Stretch {
  if (memory.stretch !== undefined) return memory.stretch(frame);
  const page = memory.page(frame);
  return typeof page === 'string'
    ? { end: memory.nextHeld(frame + 1), state: page }
    : { end: frame + 1, state: 'held' };
}

const ABSENCE: Record<Absence, string> = {
  excluded: 'was left out of the dump',
  'cut-off': 'lies in a part of the dump that is missing',
  hole: 'is no memory of the crashed machine',
  damaged: 'is damaged in the dump',
};

/** The error for a page that the dump does not hold; `where.absence` has the reason. */
export function absentMemory(address: PhysicalAddress, absence: Absence): DumpError {
  return new DumpError('absent-memory', `Physical memory at 0x${address.toString(16)} ${ABSENCE[absence]}`, {
    address,
    absence,
  });
}

/**
 * Physical memory `[address, address + length)`: a view when it lies in one page, a copy otherwise. Throws
 * `absent-memory` when the dump lacks any part of it.
 */
export function readPhysical(memory: PhysicalMemory, address: PhysicalAddress, length: number): Uint8Array {
  const { pageSize } = memory;
  const offset = address % pageSize;
  const first = (address - offset) / pageSize;
  if (offset + length <= pageSize) return pageOrThrow(memory, first).subarray(offset, offset + length);
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const at = (address + done) % pageSize;
    const page = pageOrThrow(memory, (address + done - at) / pageSize);
    const part = Math.min(pageSize - at, length - done);
    bytes.set(page.subarray(at, at + part), done);
    done += part;
  }
  return bytes;
}

function pageOrThrow(memory: PhysicalMemory, frame: Frame): Uint8Array {
  const page = memory.page(frame);
  if (typeof page === 'string') throw absentMemory(frame * memory.pageSize, page);
  return page;
}
