import type { Dump } from '@kcrash/vmcore/dump';
import { readCommandLine } from '@kcrash/vmcore/kernel/command_line';
import { readLoad } from '@kcrash/vmcore/kernel/loadavg';
import { perCpu } from '@kcrash/vmcore/kernel/percpu';
import { readClocks } from '@kcrash/vmcore/kernel/uptime';
import { readUts } from '@kcrash/vmcore/kernel/uts';
import type { ReportMachine, ReportWhen } from '../report.ts';
import type { Problems } from './problems.ts';
import { orNull } from './words.ts';

/** The machine and its kernel. */
export function machineSection(dump: Dump, problems: Problems): ReportMachine {
  const uts = problems.attempt('machine', null, () => readUts(dump));
  const load = problems.attempt('machine', null, () => readLoad(dump));
  problems.take('machine', load?.problems ?? []);
  return {
    nodename: uts?.nodename ?? null,
    architecture: uts?.machine ?? dump.container.machine,
    version: uts?.version ?? null,
    buildId: orNull(dump.vmcoreinfo.buildId),
    commandLine: problems.attempt('machine', null, () => readCommandLine(dump)),
    cpusOnline: problems.attempt('machine', null, () => perCpu(dump).mask('online')?.length ?? null),
    load: load?.averages ?? null,
    threads: load?.threads ?? null,
  };
}

/** When it crashed: the time that the kernel noted for the capture kernel, else its clock's last tick. */
export function whenSection(dump: Dump, problems: Problems): ReportWhen {
  const clocks = problems.attempt('when', null, () => readClocks(dump));
  const noted = dump.vmcoreinfo.crashTime;
  const clock = clocks === null ? undefined : Number(clocks.realtimeNanoseconds / 1_000_000n);
  return {
    crash: isoTime(noted === undefined ? clock : noted * 1000),
    boot: clocks === null ? null : isoTime(Number(clocks.bootNanoseconds / 1_000_000n)),
    uptimeSeconds: clocks === null ? null : Number(clocks.uptimeNanoseconds) / 1e9,
  };
}

/** ISO 8601 in UTC; null for what no calendar has. */
function isoTime(milliseconds: number | undefined): string | null {
  if (milliseconds === undefined) return null;
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
