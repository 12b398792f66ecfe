import type { ReportLogItem } from '@kcrash/report/report';
import type { Agreement } from './agreement.ts';
import { kmsgText, parseKmsg } from './guest_proc.ts';

type Record = Extract<ReportLogItem, { kind: 'record' }>;

/** Compares the log record by record with what /dev/kmsg gave: all but those of the crash itself, which came later. */
export function compareLog(log: readonly ReportLogItem[], kmsg: string, agreement: Agreement): void {
  const ours = new Map(
    log.flatMap((item) => (item.kind === 'record' ? [[item.sequence, item] as const] : [])),
  );
  for (const guest of parseKmsg(kmsg)) {
    const record = ours.get(guest.sequence);
    const compare = (sort: string, ours: unknown, guests: unknown) =>
      agreement.compare(`log: ${sort}`, `record ${guest.sequence}`, ours, guests);
    compare('text', record && kmsgText(record.text), guest.text);
    compare('time', record && Math.floor(record.nanoseconds / 1000), guest.microseconds);
    compare('level', record && `${record.facility}.${record.level}`, `${guest.facility}.${guest.level}`);
    const dictionary = Object.entries(record?.dictionary ?? {}).map(
      ([name, value]) => `${name}=${kmsgText(value)}`,
    );
    compare('dictionary', dictionary, guest.dictionary);
  }
}

/** Compares the log with the lines of dmesg(1). */
export function compareDmesg(log: readonly ReportLogItem[], dmesg: string, agreement: Agreement): void {
  const ours = log.flatMap((item) => (item.kind === 'record' ? dmesgLines(item) : []));
  for (const [i, line] of dmesg.trimEnd().split('\n').entries())
    agreement.compare('log: lines of dmesg', `line ${i + 1}`, ours[i], line);
}

/** The lines of a record as the kernel's syslog(2) has them, its prefix before each. */
export function dmesgLines({ nanoseconds, text }: Pick<Record, 'nanoseconds' | 'text'>): string[] {
  const microseconds = Math.floor(nanoseconds / 1000);
  const seconds = String(Math.floor(microseconds / 1e6)).padStart(5);
  const prefix = `[${seconds}.${String(microseconds % 1e6).padStart(6, '0')}] `;
  return text.split('\n').map((line) => prefix + line);
}
