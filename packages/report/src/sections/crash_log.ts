import type { Dump } from '@kcrash/vmcore/dump';
import { type LogItem, readLog, recordText } from '@kcrash/vmcore/kernel/printk';
import { formatRecord } from '@kcrash/vmcore/kernel/printk_format';
import { type CrashText, findCrash } from '../crash_text.ts';
import { textOf } from '../log_line.ts';
import type { ReportLogItem } from '../report.ts';
import type { Problems } from './problems.ts';

/** The log and the crash that it tells of. */
export interface CrashLog {
  readonly items: readonly ReportLogItem[];
  /** Lines as `dmesg` prints them, with callers. */
  readonly lines: readonly string[];
  readonly crash: CrashText | null;
  /** Seconds since boot of the last message; null for an empty log. */
  readonly endSeconds: number | null;
}

/** Reads the whole log and finds the crash in it. Damage leaves what was read before it. */
export function crashLog(dump: Dump, problems: Problems): CrashLog {
  const items: ReportLogItem[] = [];
  const lines: string[] = [];
  let endSeconds: number | null = null;
  problems.attempt('log', undefined, () => {
    for (const item of readLog(dump.memory, dump.vmcoreinfo)) {
      items.push(logItem(item));
      if (item.kind === 'gap') continue;
      endSeconds = item.nanoseconds / 1e9;
      for (const line of formatRecord(item, FORMAT).trimEnd().split('\n')) lines.push(line);
    }
  });
  const missing = items.reduce((sum, item) => sum + (item.kind === 'gap' ? item.records : 0), 0);
  if (missing > 0) problems.note('log', `${missing} messages of the log are missing`);
  const crash = findCrash(lines);
  if (crash === null) {
    problems.note('title', lines.length === 0 ? 'The log has no messages' : 'The log tells of no crash');
  }
  return { items, lines, crash, endSeconds };
}

const FORMAT = { style: 'kernel', caller: true } as const;

function logItem(item: LogItem): ReportLogItem {
  if (item.kind === 'gap') return { kind: 'gap', records: item.records, reason: item.reason };
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
