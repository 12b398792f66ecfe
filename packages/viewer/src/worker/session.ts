import { findings } from '@kcrash/report/findings';
import { blockedTasks, stateCounts } from '@kcrash/report/groups';
import { htmlReport } from '@kcrash/report/html/html_report';
import { jsonLine } from '@kcrash/report/json_text';
import { makeReport } from '@kcrash/report/make_report';
import type { Report } from '@kcrash/report/report';
import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { type Dump, openDump } from '@kcrash/vmcore/dump';
import type { Overview, TaskTable } from '../protocol.ts';
import { browserPlatform } from './platform.ts';
import { shareStacks } from './share_stacks.ts';

/** Pages that are kept: 16 MiB. */
const CACHE_PAGES = 4096;

/** Compiled as the worker starts, before there is a dump to wait for it. */
const PLATFORM = browserPlatform();

/** Opens a dump by what the browser does fastest. Throws what `openDump` throws. */
export function openedDump(sources: readonly ByteSource[]): Dump {
  return openDump(sources, { ...PLATFORM, cachePages: CACHE_PAGES });
}

/** A dump that is open, and its report. */
export class Session {
  readonly dump: Dump;
  readonly report: Report;

  /** Reads all that the report tells. */
  constructor(dump: Dump) {
    this.dump = dump;
    this.report = makeReport(dump);
  }

  overview(files: Overview['files']): Overview {
    const { report, dump } = this;
    const { format, compression, dumpLevel, incomplete } = dump.container;
    return {
      files,
      container: { format, compression: compression ?? null, dumpLevel: dumpLevel ?? null, incomplete },
      report: { ...report, tasks: [], log: [] },
      findings: findings(report),
      tasks: {
        total: report.tasks.length,
        blocked: blockedTasks(report).length,
        states: stateCounts(report.tasks),
      },
      logRecords: report.log.length,
      crashAt: crashAt(report),
    };
  }

  tasks(): TaskTable {
    return shareStacks(this.report.tasks);
  }

  exported(form: 'json' | 'html'): string {
    return form === 'json' ? jsonLine(this.report) : htmlReport(this.report);
  }
}

/** Where the log's first line of the crash stands. */
function crashAt({ log, panic }: Report): number | null {
  const first = panic.reason[0] ?? panic.message;
  if (first === null || first === undefined) return null;
  const at = log.findLastIndex((item) => item.kind === 'record' && item.text.includes(first));
  return at < 0 ? null : at;
}
