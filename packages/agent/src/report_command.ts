import { jsonText } from '@kcrash/report/json_text';
import { makeReport } from '@kcrash/report/make_report';
import { textReport } from '@kcrash/report/text/text_report';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { type Dump, openDump } from '@kcrash/vmcore/dump';
import { readLog } from '@kcrash/vmcore/kernel/printk';
import { formatRecord } from '@kcrash/vmcore/kernel/printk_format';
import { type Port, PortError } from './port.ts';
import { sourceOf } from './vmcore_log.ts';

/** Forms of a report. */
export type ReportForm = 'text' | 'json';

/** 12 MB of pages: a report looks at 3,000 of a small machine's, most of them once. */
const CACHE_PAGES = 3072;

/** `kcrash report DUMP`: what the workstation's program prints. Returns the exit status: 0 done, 1 not. */
export function report(port: Port, path: string, form: ReportForm): number {
  return withDump(port, path, (dump) => {
    const made = makeReport(dump);
    if (form === 'json') port.say(jsonText(made));
    else port.say(textReport(made).trimEnd());
  });
}

/** `kcrash log DUMP`: the kernel's log as dmesg prints it. Returns the exit status: 0 done, 1 not. */
export function log(port: Port, path: string): number {
  return withDump(port, path, (dump) => {
    for (const item of readLog(dump.memory, dump.vmcoreinfo)) {
      port.say(
        item.kind === 'record'
          ? formatRecord(item, { style: 'kernel', caller: false }).trimEnd()
          : `[kcrash: ${item.records} message(s) missing here: ${item.reason}]`,
      );
    }
  });
}

function withDump(port: Port, path: string, use: (dump: Dump) => void): number {
  try {
    const file = port.open(path);
    try {
      use(openDump(sourceOf(file), { cachePages: CACHE_PAGES, ...port.platform }));
    } finally {
      file.close();
    }
    return 0;
  } catch (error) {
    if (!(error instanceof DumpError || error instanceof PortError)) throw error;
    port.complain(`kcrash: ${path}: ${error.message}`);
    return 1;
  }
}
