import type { Dump } from '@kcrash/vmcore/dump';
import { type LogRecord, readLog, recordText } from '@kcrash/vmcore/kernel/printk';
import { type CrashText, findCrash } from '../crash_text.ts';
import { textOf } from '../log_line.ts';
import type { ReportLogItem } from '../report.ts';
import type { Problems } from './problems.ts';

/** The log and the crash that it tells of. */
export interface CrashLog {
  readonly items: readonly ReportLogItem[];
  /** Its lines with a stamp of no time, and with callers. */
  readonly lines: readonly string[];
  readonly crash: CrashText | null;
}

/** Reads the whole log and finds the crash in it. Damage leaves what was read before it. */
export function crashLog(dump: Dump, problems: Problems): CrashLog {
  const items: ReportLogItem[] = [];
  const lines: string[] = [];
  let missing = 0;
  problems.attempt('log', undefined, () => {
    for (const item of readLog(dump.memory, dump.vmcoreinfo)) {
      if (item.kind === 'gap') {
        items.push({ kind: 'gap', records: item.records, reason: item.reason });
        missing += item.records;
        continue;
      }
      const record = logRecord(item);
      items.push(record);
      const prefix = record.caller === null ? `${STAMP} ` : `${STAMP}[${record.caller}] `;
      for (const line of record.text.split('\n')) lines.push(prefix + line);
    }
  });
  if (missing > 0) problems.note('log', `${missing} messages of the log are missing`);
  const crash = findCrash(lines);
  if (crash === null) {
    problems.note('title', lines.length === 0 ? 'The log could not be read' : 'The log tells of no crash');
  }
  return { items, lines, crash };
}

/** Whoever finds a crash in a log wants to know that the kernel wrote the line, and which context, but not when. */
const STAMP = '[    0.000000]';

function logRecord(item: LogRecord): Extract<ReportLogItem, { kind: 'record' }> {
  return {
    kind: 'record',
    sequence: item.sequence ?? null,
    nanoseconds: item.nanoseconds,
    level: item.level,
    facility: item.facility,
    caller: item.caller ?? null,
    text: recordText(item),
    dictionary: item.dictionary ?? null,
  };
}

/** What follows the crash's first words: who it was, registers, stacks, modules. */
const DETAILS =
  /^(?:CPU: \d|Hardware name: |RIP: |EIP: |Call [Tt]race|Workqueue: |Code: |Modules linked in|RSP: |RAX: |Kernel Offset|Mem-Info:|-+\[ end )/;
/** More lines than this are no summary. */
const MOST_REASON = 12;

/** The crash's first lines, up to its registers and stack, without prefixes. */
export function reasonLines({ lines, crash }: CrashLog): string[] {
  if (crash === null) return [];
  const reason: string[] = [];
  for (let at = crash.start; at < crash.end && reason.length < MOST_REASON; at++) {
    const text = textOf(lines[at] ?? '').trimEnd();
    if (DETAILS.test(text)) break;
    if (text !== '' && !text.startsWith('------------[ cut here')) reason.push(text);
  }
  return reason;
}
