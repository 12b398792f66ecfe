import type { ReportTask } from '@kcrash/report/report';
import type { Agreement } from './agreement.ts';
import type { TaskPair } from './evidence.ts';

/** Of a clock tick in /proc (C `USER_HZ` is 100). */
const TICK_NANOSECONDS = 1e7;
const PF_KTHREAD = 0x200000;
const TASK_COMM_BYTES = 15;

/** Compares what the report says of each task itself; its stack apart. */
export function compareTasks(pairs: readonly TaskPair[], agreement: Agreement): void {
  for (const { guest, report, since } of pairs) {
    const { status, stat } = guest;
    const where = `${report.pid} ${report.comm}`;
    const compare = (sort: string, ours: unknown, guests: unknown) =>
      agreement.compare(`tasks: ${sort}`, where, ours, guests);
    compare('name', sameName(report, status.get('Name') ?? ''), true);
    compare('tgid', report.tgid, status.get('Tgid'));
    compare('ppid', report.ppid, status.get('PPid'));
    compare('kernel thread', report.kernelThread, (Number(stat[9]) & PF_KTHREAD) !== 0);
    compare('start', Math.floor(Math.round(report.startSeconds * 1e9) / TICK_NANOSECONDS), stat[22]);
    if (since !== 'still') continue;
    compare('state', report.state, status.get('State')?.[0]);
    compare('cpu', report.cpu, stat[39]);
  }
}

/** A worker's name in `status` tells what it works on, and those of kernel threads may be longer than `comm`. */
function sameName({ comm, kernelThread }: ReportTask, name: string): boolean {
  if (comm === name) return true;
  if (!kernelThread || !name.startsWith(comm)) return false;
  return Buffer.byteLength(comm) === TASK_COMM_BYTES || /^[+-]/.test(name.slice(comm.length));
}
