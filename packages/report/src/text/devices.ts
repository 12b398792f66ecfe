import { whyUnknown } from '../phrases.ts';
import type { Report, ReportDisk, ReportNetworkDevice } from '../report.ts';
import { bytesText } from '../units.ts';
import type { Page } from './page.ts';

/** Prints mounts, disks and network devices. */
export function printDevices(page: Page, report: Report): void {
  page.heading('Mounts');
  if (report.mounts.length === 0) page.paragraph('    ', whyUnknown(report, 'mounts'), 'dim');
  for (const { source, target, type, options } of report.mounts) {
    page.paragraph('    ', `${source} on ${target} type ${type} (${options.join(',')})`);
  }
  page.heading('Disks');
  if (report.disks.length === 0) page.paragraph('    ', noneOrUnknown(report, 'disks'), 'dim');
  for (const disk of report.disks) printDisk(page, disk);
  page.heading('Network');
  if (report.network.length === 0) page.paragraph('    ', noneOrUnknown(report, 'network'), 'dim');
  for (const device of report.network) page.paragraph('    ', networkText(device));
}

function noneOrUnknown(report: Report, section: 'disks' | 'network'): string {
  return report.problems.some((problem) => problem.section === section)
    ? whyUnknown(report, section)
    : 'none';
}

function printDisk(page: Page, disk: ReportDisk): void {
  const marks = (['readOnly', 'dead', 'frozen', 'quiesced'] as const).filter((mark) => disk[mark]);
  const state = marks.map((mark) => `, ${mark === 'readOnly' ? 'read-only' : mark}`).join('');
  const flight = disk.inFlight === null ? 'I/O under way unknown' : `${disk.inFlight} under way`;
  const parts = disk.partitions.map(({ name, bytes }) => `${name} ${bytesText(bytes)}`);
  const partitions = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  page.paragraph('    ', `${disk.name}: ${bytesText(disk.bytes)}${state}, ${flight}${partitions}`);
  for (const { operation, startBytes, bytes, ageSeconds } of disk.requests.slice(0, MOST_REQUESTS)) {
    const age = ageSeconds === null ? '' : ` for ${ageSeconds.toFixed(3)} s`;
    page.line('        ', [
      'bad',
      `${operation} of ${bytesText(bytes)} at byte ${startBytes} unfinished${age}`,
    ]);
  }
  const more = disk.requests.length - MOST_REQUESTS;
  if (more > 0) page.line('        ', ['bad', `and ${more} more`]);
}

const MOST_REQUESTS = 8;

function networkText({
  name,
  state,
  hardwareAddress,
  mtuBytes,
  addresses,
  counters,
  namespace,
}: ReportNetworkDevice): string {
  const at = addresses.length === 0 ? 'no address' : addresses.join(' ');
  const errors = counters === null ? 0 : (counters.receiveErrors ?? 0) + (counters.sendErrors ?? 0);
  const traffic =
    counters === null
      ? 'traffic unknown'
      : `received ${bytesText(counters.receivedBytes ?? 0)}, sent ${bytesText(counters.sentBytes ?? 0)}, ${errors} errors`;
  return `${name}: ${state}, ${hardwareAddress || 'no hardware address'}, MTU ${mtuBytes}, ${at}, ${traffic}, namespace ${namespace}`;
}
