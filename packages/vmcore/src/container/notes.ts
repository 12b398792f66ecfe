import { slice, u32 } from '../bytes/cursor.ts';
import { fieldText } from '../bytes/text.ts';

/** An ELF note (`Elf64_Nhdr` with its name and descriptor). */
export interface Note {
  readonly name: string;
  /** `NT_PRSTATUS` is 1 under the name `CORE`. */
  readonly type: number;
  /** The descriptor: a view of the note's bytes. */
  readonly bytes: Uint8Array;
}

const HEADER = 12;
/** A note each for 8192 CPUs, from the kernel and from QEMU, and then some. */
const MOST_NOTES = 1 << 16;

/**
 * The notes of a note segment, in order. A note whose lengths run past the segment ends the list: a damaged
 * note hides only what comes after it.
 */
export function* parseNotes(segment: Uint8Array): Generator<Note> {
  let at = 0;
  for (let count = 0; count < MOST_NOTES && at + HEADER <= segment.length; count++) {
    const nameLength = u32(segment, at);
    const length = u32(segment, at + 4);
    const type = u32(segment, at + 8);
    const name = at + HEADER;
    const start = name + align4(nameLength);
    if (start + length > segment.length) return;
    // The kernel ends a CPU's notes with an empty one; more CPUs may follow in the same segment.
    if (nameLength > 0 || length > 0) {
      yield { name: fieldText(slice(segment, name, nameLength)), type, bytes: slice(segment, start, length) };
    }
    at = start + align4(length);
  }
}

/** Type of the note with a CPU's registers, under the name `CORE`. */
export const NT_PRSTATUS = 1;

function align4(length: number): number {
  return Math.ceil(length / 4) * 4;
}
