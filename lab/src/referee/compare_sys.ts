import { type Finding, FindingBuilder } from './finding.ts';
import type { KernelCrash } from './kernel_trace.ts';

/** What `sys` must say. */
export interface WantedSys {
  readonly release: string;
  readonly machine: string;
  /** Null where nothing tells, which is noted. */
  readonly cpus: number | null;
  /** CRASHTIME, in seconds since 1970; null where VMCOREINFO has none. */
  readonly crashSeconds: number | null;
  readonly crash: KernelCrash;
}

/** The kernel's clock ticks between panic and the note of its time. */
const DATE_SECONDS = 2;

/** Compares crash's `sys`, run with TZ=UTC, with what the dump and its log say. */
export function compareSys(sys: ReadonlyMap<string, string>, wanted: WantedSys): Finding {
  const finding = new FindingBuilder();
  finding.equal('RELEASE', sys.get('RELEASE'), wanted.release);
  finding.equal('MACHINE', sys.get('MACHINE')?.replace(/ .*/, ''), wanted.machine);
  if (wanted.cpus === null) finding.note('CPUS is not compared: the log does not say how many there were');
  else finding.equal('CPUS', sys.get('CPUS')?.replace(/ .*/, ''), String(wanted.cpus));
  comparePanic(sys.get('PANIC'), wanted.crash, finding);
  const { crashSeconds } = wanted;
  const seconds = Date.parse(sys.get('DATE') ?? '') / 1000;
  if (crashSeconds === null) finding.note('DATE is not compared: the dump has no CRASHTIME');
  else if (!(Math.abs(seconds - crashSeconds) <= DATE_SECONDS)) {
    const time = new Date(crashSeconds * 1000).toUTCString();
    finding.differ(
      'DATE',
      String(sys.get('DATE')),
      `CRASHTIME ${crashSeconds} (${time}) ± ${DATE_SECONDS} s`,
    );
  }
  return finding;
}

function comparePanic(printed: string | undefined, crash: KernelCrash, finding: FindingBuilder): void {
  const text = /^"(.*)"(?: \(check log for details\))?$/.exec(printed ?? '')?.[1];
  if (text === undefined || !crash.headlines.includes(text)) {
    finding.differ(
      'PANIC',
      String(printed),
      crash.headlines.map((each) => JSON.stringify(each)).join(' or '),
    );
  }
}

/** How many CPUs the kernel brought up, by its log; null where the log lacks the line. */
export function cpusOfLog(log: string): number | null {
  const count = /\bsmp: Brought up \d+ nodes?, (\d+) CPUs?\b/.exec(log)?.[1];
  return count === undefined ? null : Number(count);
}
