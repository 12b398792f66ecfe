import { asciiText, utf8Bytes } from '../bytes/text.ts';
import type { Note } from './notes.ts';

/**
 * What a dump says of itself: kcrash's own note among the notes, which other readers pass over. Text, a line each,
 * as VMCOREINFO has it.
 */
export const RECORD_NOTE = 'KCRASH';
/** Any type but those that ELF cores give a meaning. */
const RECORD_TYPE = 0x4b43;
const MOST_TIERS = 64;

/** What became of the pages of a tier. */
export interface TierOutcome {
  readonly name: string;
  /** Pages planned. */
  readonly pages: number;
  /** Pages that the dump holds, those of zeros among them. */
  readonly written: number;
  /** Pages that the source of the dump does not hold. */
  readonly missing: number;
  /** Pages left out for want of room. */
  readonly cut: number;
}

/** What kcrash notes in the dumps that it writes. */
export interface DumpRecord {
  /** The program and its version. */
  readonly writer: string;
  /** How large the dump was allowed to be; undefined where it was not limited. */
  readonly budgetBytes: number | undefined;
  /** In order of worth. */
  readonly tiers: readonly TierOutcome[];
  /** More lines `KEY=value`, as they are. */
  readonly more: readonly string[];
}

/** The note with a record. */
export function recordNote(record: DumpRecord): Note {
  const lines = [
    `WRITER=${record.writer}`,
    ...(record.budgetBytes === undefined ? [] : [`BUDGET=${record.budgetBytes}`]),
    ...record.tiers.map(
      ({ name, pages, written, missing, cut }) => `TIER(${name})=${pages} ${written} ${missing} ${cut}`,
    ),
    ...record.more,
  ];
  return { name: RECORD_NOTE, type: RECORD_TYPE, bytes: utf8Bytes(`${lines.join('\n')}\n`) };
}

/** The record of a dump that kcrash wrote; undefined in others. */
export function readRecord(notes: readonly Note[]): DumpRecord | undefined {
  const note = notes.find(({ name, type }) => name === RECORD_NOTE && type === RECORD_TYPE);
  if (note === undefined) return undefined;
  const tiers: TierOutcome[] = [];
  const more: string[] = [];
  let writer = '';
  let budgetBytes: number | undefined;
  for (const line of asciiText(note.bytes).split('\n')) {
    const tier = /^TIER\(([\w ,-]{1,40})\)=(\d{1,15}) (\d{1,15}) (\d{1,15}) (\d{1,15})$/.exec(line);
    const [, name = '', pages, written, missing, cut] = tier ?? [];
    if (tier !== null && tiers.length < MOST_TIERS) {
      tiers.push({
        name,
        pages: Number(pages),
        written: Number(written),
        missing: Number(missing),
        cut: Number(cut),
      });
    } else if (line.startsWith('WRITER=')) writer = line.slice(7);
    else if (/^BUDGET=\d{1,15}$/.test(line)) budgetBytes = Number(line.slice(7));
    else if (line !== '') more.push(line);
  }
  return { writer, budgetBytes, tiers, more };
}

/** One sentence about what a dump lacks for want of room; undefined where it lacks nothing. */
export function whatWasCut({ tiers, budgetBytes }: DumpRecord): string | undefined {
  const cut = tiers.filter((tier) => tier.cut > 0);
  if (cut.length === 0) return undefined;
  const parts = cut.map((tier) => `${tier.cut} of ${tier.pages} pages of tier ${tier.name}`);
  const room = budgetBytes === undefined ? 'there was no room' : `the dump may have ${budgetBytes} bytes`;
  return `Left out since ${room}: ${parts.join(', ')}`;
}
