import type {
  Report,
  ReportDisk,
  ReportFrame,
  ReportNetworkDevice,
  ReportRequest,
  ReportWait,
  ReportWork,
  SectionName,
  TaskName,
} from './report.ts';
import { bytesText, count } from './units.ts';

/** The parts of a report as phrases, the same in text and HTML. */

/** `schedule+0x12/0x40 [module]`, or the bare address. */
export function placeText({ symbol, offset, size, module, address }: ReportFrame): string {
  if (symbol === null) return module === null ? address : `${address} [${module}]`;
  const place = `${symbol}+0x${(offset ?? 0).toString(16)}/0x${(size ?? 0).toString(16)}`;
  return module === null ? place : `${place} [${module}]`;
}

/** A stack's frames with what calls itself over and over told once. */
export function repeatedFrames(frames: readonly ReportFrame[]): { frame: ReportFrame; times: number }[] {
  const told: { frame: ReportFrame; times: number }[] = [];
  for (const frame of frames) {
    const last = told.at(-1);
    if (last?.frame.address === frame.address && last.frame.stack === frame.stack) last.times += 1;
    else told.push({ frame, times: 1 });
  }
  return told;
}

/** `kworker/0:1 (12)`. */
export function taskText({ comm, pid }: TaskName): string {
  return `${comm} (${pid})`;
}

/** `mutex k1_mutex [k1] (0xffff…)`. */
export function lockText({ kind, symbol, address, wants }: ReportWait): string {
  const what = symbol === null ? `${kind} at ${address}` : `${kind} ${symbol}`;
  return wants === null ? what : `${what} (${wants})`;
}

/** Who has it: `held by holder (108)`. */
export function holderText({ holder }: ReportWait): string {
  switch (holder.kind) {
    case 'task':
      return `held by ${taskText(holder.task)}`;
    case 'readers': {
      const last = holder.last === null ? '' : `, the last of them ${taskText(holder.last)}`;
      return `held by ${holder.count === 1 ? 'one reader' : `${holder.count} readers`}${last}`;
    }
    case 'none':
      return 'held by nobody: it had just been freed';
    default:
      return `holder unknown: ${holder.why}`;
  }
}

/** Why a section has not what it should; for the place of what is unknown. */
export function whyUnknown({ problems }: Report, section: SectionName): string {
  const problem = problems.find((each) => each.section === section);
  return problem === undefined ? 'unknown' : `unknown (${problem.message})`;
}

/** `none`, unless the section failed. */
export function noneOrUnknown(report: Report, section: SectionName): string {
  return report.problems.some((problem) => problem.section === section)
    ? whyUnknown(report, section)
    : 'none';
}

/** What state a letter stands for, as in /proc/PID/status. */
export const STATES: Readonly<Record<string, string>> = {
  R: 'running or ready',
  S: 'sleeping',
  D: 'blocked',
  T: 'stopped',
  t: 'traced',
  X: 'dead',
  Z: 'zombie',
  P: 'parked',
  I: 'idle',
};

/** What a letter of the taint stands for (Documentation/admin-guide/tainted-kernels.rst). */
export const TAINTS: Readonly<Record<string, string>> = {
  P: 'a proprietary module was loaded',
  F: 'a module was force-loaded',
  S: 'the machine is out of specification',
  R: 'a module was force-unloaded',
  M: 'the processor reported a machine check',
  B: 'a bad page was found',
  U: 'user space asked for the taint',
  D: 'the kernel had died before (oops or BUG)',
  A: 'an ACPI table was overridden',
  W: 'the kernel had warned before',
  C: 'a staging driver was loaded',
  I: 'firmware bugs are worked around',
  O: 'an out-of-tree module was loaded',
  E: 'an unsigned module was loaded',
  L: 'a soft lockup had happened before',
  K: 'the kernel was live-patched',
  X: 'the distribution has marked it',
  T: 'built with structure randomisation',
  N: 'a test was run',
  J: 'user space used a mutating debug operation',
};

/** A disk with its partitions and the I/O under way. */
export function diskText(disk: ReportDisk): string {
  const marks = (['readOnly', 'dead', 'frozen', 'quiesced'] as const).filter((mark) => disk[mark]);
  const state = marks.map((mark) => `, ${mark === 'readOnly' ? 'read-only' : mark}`).join('');
  const flight = disk.inFlight === null ? 'I/O under way unknown' : `${disk.inFlight} under way`;
  const parts = disk.partitions.map(({ name, bytes }) => `${name} ${bytesText(bytes)}`);
  const partitions = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  return `${disk.name}: ${bytesText(disk.bytes)}${state}, ${flight}${partitions}`;
}

/** A request that a driver has not finished. */
export function requestText({ operation, startBytes, bytes, ageSeconds }: ReportRequest): string {
  const age = ageSeconds === null ? '' : ` for ${ageSeconds.toFixed(3)} s`;
  return `${operation} of ${bytesText(bytes)} at byte ${startBytes} unfinished${age}`;
}

/** A network device; its namespace is told unless it is `home`. */
export function networkText(device: ReportNetworkDevice, home?: number): string {
  const { name, state, hardwareAddress, mtuBytes, addresses, counters, namespace } = device;
  const at = addresses.length === 0 ? 'no address' : addresses.join(' ');
  const elsewhere = namespace === home ? '' : `, namespace ${namespace}`;
  const hardware = hardwareAddress === '' ? '' : ` ${hardwareAddress},`;
  return `${name}: ${state},${hardware} MTU ${mtuBytes}, ${at}, ${trafficText(counters)}${elsewhere}`;
}

function trafficText(counters: ReportNetworkDevice['counters']): string {
  if (counters === null) return 'traffic unknown: its driver counts';
  const { receivedBytes = 0, sentBytes = 0, receiveErrors = 0, sendErrors = 0 } = counters;
  const errors = count(receiveErrors + sendErrors, 'error');
  return `received ${bytesText(receivedBytes)}, sent ${bytesText(sentBytes)}, ${errors}`;
}

/** Work that runs or waits. */
export function workText({ function: name, workqueue, task, cpu }: ReportWork): string {
  const doing = task === null ? 'waits for a worker' : `runs in ${taskText(task)}`;
  const where = cpu === null ? '' : ` on CPU ${cpu}`;
  return `${name} of workqueue ${workqueue ?? 'unknown'} ${doing}${where}`;
}

/** How many timers were set. */
export function timersText(report: Report): string {
  const { wheel, highResolution } = report.timers;
  if (wheel === null && highResolution === null) return `timers ${whyUnknown(report, 'timers')}`;
  const number = (timers: number | null) => timers ?? 'an unknown number of';
  return `${number(wheel)} timers and ${number(highResolution)} high-resolution timers set`;
}
