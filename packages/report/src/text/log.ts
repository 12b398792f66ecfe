import { whyUnknown } from '../phrases.ts';
import type { Report, ReportLogItem } from '../report.ts';
import { count } from '../units.ts';
import { COLUMNS, type Page, printable, wrap } from './page.ts';

/** Prints the last messages of the log. */
export function printLog(page: Page, report: Report, most: number): void {
  const { log } = report;
  if (log.length === 0) {
    page.heading('Log');
    page.paragraph('    ', whyUnknown(report, 'log'), 'dim');
    return;
  }
  const shown = log.slice(Math.max(0, log.length - most));
  const all = shown.length === log.length ? '' : ` (the last of ${log.length})`;
  page.heading(`Log: ${count(shown.length, 'message')}${all}`);
  for (const item of shown) printItem(page, item);
}

function printItem(page: Page, item: ReportLogItem): void {
  if (item.kind === 'gap') {
    page.line(['dim', `[${count(item.records, 'message')} missing here: ${item.reason}]`]);
    return;
  }
  const time = `[${(item.nanoseconds / 1e9).toFixed(6).padStart(12)}] `;
  for (const line of item.text.split('\n')) {
    for (const [n, part] of wrap(printable(line), COLUMNS - time.length).entries()) {
      page.line(['dim', n === 0 ? time : ' '.repeat(time.length)], item.level <= 3 ? ['bad', part] : part);
    }
  }
}
