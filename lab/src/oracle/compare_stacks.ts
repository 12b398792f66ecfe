import type { ReportFrame } from '@kcrash/report/report';
import type { Agreement } from './agreement.ts';
import type { TaskPair } from './evidence.ts';

/**
 * Compares each frame of each task that did not run since the guest answered. The kernel leaves the scheduler's
 * own functions out of /proc/PID/stack: `hidden` are their addresses, `[start, end)`. A task that sleeps
 * begins in them.
 */
export function compareStacks(
  pairs: readonly TaskPair[],
  hidden: readonly (readonly [start: bigint, end: bigint])[],
  agreement: Agreement,
): void {
  for (const { guest, report, since } of pairs) {
    if (since !== 'still' && since !== 'woken') continue;
    const where = `${report.pid} ${report.comm}`;
    const { stack } = guest;
    const ours = report.stack.filter(({ address }) => !isIn(BigInt(address), hidden));
    if (stack.length > 0)
      agreement.compare('stacks: innermost', where, report.stack[0]?.symbol, '__schedule');
    for (const { certainty } of report.stack)
      agreement.compare('frames: certainty', where, certainty, 'exact');
    agreement.compare('stacks', where, ours.map(frameText).join(', '), stack.join(', '));
    for (const [i, theirs] of stack.entries()) {
      const frame = ours[i];
      const place = `frame ${i} of ${where}`;
      agreement.compare('frames', place, frame === undefined ? 'none' : frameText(frame), theirs);
      if (theirs.endsWith(']'))
        agreement.compare('frames in modules', place, frame && frameText(frame), theirs);
    }
  }
}

function isIn(address: bigint, ranges: readonly (readonly [bigint, bigint])[]): boolean {
  return ranges.some(([start, end]) => address >= start && address < end);
}

/** A frame as the kernel prints it. */
export function frameText({ address, symbol, offset, size, module }: ReportFrame): string {
  if (symbol === null) return address;
  const place = `${symbol}+0x${offset?.toString(16)}/0x${size?.toString(16)}`;
  return module === null ? place : `${place} [${module}]`;
}
