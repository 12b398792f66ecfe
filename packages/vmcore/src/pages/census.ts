import type { Frame } from '../bytes/address.ts';
import { wordsOf } from '../bytes/words.ts';
import type { Dump } from '../dump.ts';
import type { PhysicalMemory } from '../physical_memory.ts';
import { type ClassifiedPages, classifyPages } from './classify.ts';
import { PAGE_CLASSES, type PageClass } from './page_class.ts';
import { SCRUBBED } from './scrub.ts';

/** What a dump holds of one class. */
export interface HeldPages {
  readonly class: PageClass;
  /** Frames of the class in the machine. */
  readonly pages: number;
  /** Frames whose bytes the dump has. */
  readonly held: number;
  /** Those of them with nothing but zeros. */
  readonly zeros: number;
}

/** Every page that a dump holds, with the index of its class in `PAGE_CLASSES`. Throws `io`. */
export function* heldPages(
  memory: PhysicalMemory,
  classes: ClassifiedPages['classes'] | undefined,
): Generator<{ frame: Frame; page: Uint8Array; index: number }> {
  for (let frame = memory.nextHeld(0); frame < memory.frameLimit; frame = memory.nextHeld(frame + 1)) {
    const page = memory.page(frame);
    if (typeof page !== 'string') yield { frame, page, index: classes?.get(frame) ?? 0 };
  }
}

/**
 * What a dump holds, class by class in the order of `PAGE_CLASSES`; reads every page. Throws what `classifyPages`
 * throws.
 */
export function takeCensus(dump: Dump): HeldPages[] {
  const { classes } = classifyPages(dump);
  const held = new Float64Array(256);
  const zeros = new Float64Array(256);
  for (const { page, index } of heldPages(dump.physical, classes)) {
    (held[index] as number)++;
    if (isBlank(page)) (zeros[index] as number)++;
  }
  const counts = classes.counts();
  return PAGE_CLASSES.map(({ name }, n) => ({
    class: name,
    pages: counts[n] ?? 0,
    held: held[n] ?? 0,
    zeros: zeros[n] ?? 0,
  }));
}

/** Whether a page is all zeros. */
export function isBlank(page: Uint8Array): boolean {
  const words = wordsOf(page);
  for (let n = 0; n < words.length; n++) if (words[n] !== 0) return false;
  return true;
}

/** Whether bytes tell nothing: zeros, or what scrubbing leaves. */
export function isScrubbed(bytes: Uint8Array): boolean {
  const first = bytes[0];
  if (first !== 0 && first !== SCRUBBED) return bytes.length === 0;
  return bytes.every((byte) => byte === first);
}
