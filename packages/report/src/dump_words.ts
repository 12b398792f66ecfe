import type { WriteProgress } from '@kcrash/vmcore/container/kdump_writer';
import type { DumpSummary } from '@kcrash/vmcore/write_dump';
import { bytesText, count, durationText } from './units.ts';

/** How far a dump is, how fast it goes and how long it will take: `42 %, 812 pages/s, 00:00:03 left, 9.1 MiB`. */
export function progressText(
  { donePages, totalPages, writtenBytes }: WriteProgress,
  seconds: number,
): string {
  const share = totalPages === 0 ? 1 : Math.min(1, donePages / totalPages);
  const rate = seconds > 0 ? donePages / seconds : 0;
  const left = rate > 0 ? durationText(Math.ceil(Math.max(0, totalPages - donePages) / rate)) : 'unknown';
  return `${Math.floor(share * 100)} %, ${Math.round(rate)} pages/s, ${left} left, ${bytesText(writtenBytes)}`;
}

/** What became of a dump that was written. */
export function summaryLines(summary: DumpSummary, path: string, seconds: number): string[] {
  const { bytes, pages, zeroPages, tiers, complete, scrubbedBytes } = summary;
  const time = `${seconds.toFixed(1)} s`;
  const lines = [`${path}: ${bytesText(bytes)}, ${count(pages, 'page')}, ${zeroPages} of zeros, in ${time}`];
  const missing = tiers.reduce((sum, tier) => sum + tier.missing, 0);
  if (missing > 0) lines.push(`${count(missing, 'page')} to be kept are not in the source`);
  if (scrubbedBytes > 0) lines.push(`${bytesText(scrubbedBytes)} of users overwritten in the kernel's pages`);
  if (complete) return lines;
  const cut = tiers.filter((tier) => tier.cut > 0);
  const parts = cut.map((tier) => `${tier.cut} of ${count(tier.pages, 'page')} of tier ${tier.name}`);
  return [...lines, `left out for want of room: ${parts.join(', ')}`];
}
