import { diskText, networkText, noneOrUnknown, requestText, whyUnknown } from '../phrases.ts';
import type { Report, ReportDisk, ReportNetworkDevice } from '../report.ts';
import { count } from '../units.ts';
import type { Page } from './page.ts';

/** Prints mounts, disks and network devices. */
export function printDevices(page: Page, report: Report): void {
  page.heading('Mounts');
  if (report.mounts.length === 0) page.paragraph('    ', whyUnknown(report, 'mounts'), 'dim');
  for (const { source, target, type, options } of report.mounts) {
    page.paragraph('    ', `${source} on ${target} type ${type} (${options.join(',')})`);
  }
  printDisks(page, report);
  printNetwork(page, report);
}

/** Requests of a disk that are printed. */
const MOST_REQUESTS = 8;

function printDisks(page: Page, report: Report): void {
  page.heading('Disks');
  if (report.disks.length === 0) page.paragraph('    ', noneOrUnknown(report, 'disks'), 'dim');
  // Loop devices without a file, mostly.
  const isEmpty = ({ bytes, requests }: ReportDisk) => bytes === 0 && requests.length === 0;
  for (const disk of report.disks) {
    if (isEmpty(disk)) continue;
    page.paragraph('    ', diskText(disk));
    for (const request of disk.requests.slice(0, MOST_REQUESTS)) {
      page.line('        ', ['bad', requestText(request)]);
    }
    const more = disk.requests.length - MOST_REQUESTS;
    if (more > 0) page.line('        ', ['bad', `and ${more} more`]);
  }
  const empty = report.disks.filter(isEmpty);
  if (empty.length > 0) {
    page.paragraph('    ', `${count(empty.length, 'device')} without a medium: ${names(empty)}`);
  }
}

function printNetwork(page: Page, report: Report): void {
  page.heading('Network');
  if (report.network.length === 0) page.paragraph('    ', noneOrUnknown(report, 'network'), 'dim');
  const home = report.network[0]?.namespace;
  // Every further namespace has a loopback device, and most have nothing else.
  const isPlain = ({ name, namespace, state }: ReportNetworkDevice) =>
    name === 'lo' && namespace !== home && state !== 'up';
  for (const device of report.network) {
    if (!isPlain(device)) page.paragraph('    ', networkText(device, home));
  }
  const plain = report.network.filter(isPlain).length;
  if (plain > 0) page.paragraph('    ', `lo of ${count(plain, 'other namespace')}: not up`);
}

function names(disks: readonly ReportDisk[]): string {
  return disks.map(({ name }) => name).join(' ');
}
