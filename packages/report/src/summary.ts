import { placeText, taskText, whyUnknown } from './phrases.ts';
import type { Report, ReportCode, ReportCpu } from './report.ts';
import { bytesText, count, durationText } from './units.ts';

/** The head of a report in words, the same in text and HTML. */

/** What happened. */
export function crashTitle(report: Report): string {
  return report.title ?? `crash without a title: ${whyUnknown(report, 'title')}`;
}

/** Where: place, CPU and task; by the log where memory does not tell. */
export function whereText(report: Report): string {
  const { cpu, task, at, logged } = report.panic;
  const place =
    at !== null ? placeText(at) : byLog(logged?.place ?? null, `place ${whyUnknown(report, 'panic')}`);
  const name = logged?.comm == null ? null : `task ${logged.comm} (${logged.pid})`;
  const who = task !== null ? `task ${taskText(task)}` : byLog(name, 'task unknown');
  return `${place}, ${cpu === null ? 'CPU unknown' : `CPU ${cpu}`}, ${who}`;
}

function byLog(said: string | null, otherwise: string): string {
  return said === null ? otherwise : `${said} by the log`;
}

/** When, and how long after the machine had booted. */
export function whenText(report: Report): string {
  const { crash, uptimeSeconds } = report.when;
  const time =
    crash === null ? whyUnknown(report, 'when') : crash.replace('T', ' ').replace(/(?:\.000)?Z$/, ' UTC');
  return uptimeSeconds === null ? time : `${time}, ${durationText(uptimeSeconds)} after boot`;
}

/** What sort of machine, and how busy. */
export function machineText({ machine, memory }: Report): string {
  const cpus = machine.cpusOnline === null ? 'CPUs unknown' : count(machine.cpusOnline, 'CPU');
  const total = memory?.totals.total ?? null;
  const size = total === null ? 'memory unknown' : `${bytesText(total)} of memory`;
  const load = machine.load?.map((average) => average.toFixed(2)).join(' ') ?? 'unknown';
  return `${machine.nodename ?? 'name unknown'}, ${cpus}, ${size}, load ${load}`;
}

/** What a CPU did. */
export function cpuText({ task, crashed, idle, online, userMode }: ReportCpu): string {
  const who = task === null ? 'task unknown' : taskText(task);
  if (crashed) return `${who}, crashed`;
  if (online === false) return `${who}, offline`;
  return userMode ? `${who}, in user space` : idle ? `${who}, idle` : who;
}

/** Code as the kernel prints it, in lines of `width` bytes: the byte that `ip` points at stands in angle brackets. */
export function codeLines({ bytes, ip }: ReportCode, width: number): string[] {
  const cells = (bytes.match(/../g) ?? []).map((byte, n) => (n === ip ? `<${byte}>` : byte));
  const lines: string[] = [];
  for (let at = 0; at < cells.length; at += width) lines.push(cells.slice(at, at + width).join(' '));
  return lines;
}

const MEMORY_WORDS: Readonly<Record<string, string>> = {
  slabReclaimable: 'slab, reclaimable',
  slabUnreclaimable: 'slab, unreclaimable',
  secondaryPageTables: 'page tables of guests',
  kernelStacks: 'kernel stacks',
  pageTables: 'page tables',
  sharedMemory: 'shared memory',
  swapTotal: 'swap',
  swapFree: 'swap free',
  swapCached: 'swap cached',
  commitLimit: 'commit limit',
  perCpu: 'per-CPU',
};

/** A use of memory in words. */
export function memoryWord(name: string): string {
  return MEMORY_WORDS[name] ?? name;
}
