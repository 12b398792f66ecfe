import type { Translator } from '../src/arch/translator.ts';

const PAGE = 4096;

/** A translator of pages that are all small. */
export function smallPages(translate: Translator['translate']): Translator {
  return { translate, piece: (_high, low) => PAGE - (low % PAGE) };
}
