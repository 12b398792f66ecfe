import { bytesOf } from './text.ts';

/** pillar's reader drops a reboot-stack over this many bytes. */
export const STACK_LIMIT_BYTES = 524_288;
/** The controller is shown this many characters, from the end of reboot-stack. */
export const SUMMARY_LIMIT = 1600;
/** The reader of reboot-reason keeps this many bytes. */
const REASON_LIMIT_BYTES = 16_384;

/** `/persist/boot-reason`: the name by which EVE knows a reboot after a kernel crash. */
export const BOOT_REASON = bytesOf('BootReasonKernel\n');

/** One of the three sentences that `/persist/reboot-reason` may hold. */
export function rebootReason(
  got: { readonly dump: string } | { readonly dmesg: string } | { readonly nothing: string },
): Uint8Array {
  const rest =
    'dump' in got
      ? `kdump collected: ${got.dump}`
      : 'dmesg' in got
        ? `dmesg collected: ${got.dmesg}`
        : `dmesg not collected: ${got.nothing.replace(/\s+/g, ' ')}`;
  return bytesOf(`${`kernel panic, ${rest}`.slice(0, REASON_LIMIT_BYTES - 1)}\n`);
}

/**
 * `/persist/reboot-stack`: the log, of which the end is kept where it is too long, and then the summary. The
 * log may be given whole or by its tail of at least `STACK_LIMIT_BYTES`.
 */
export function rebootStack(log: Uint8Array, summary: string, limitBytes = STACK_LIMIT_BYTES): Uint8Array {
  const end = bytesOf(`${summary.slice(0, SUMMARY_LIMIT - 1).trimEnd()}\n`);
  let from = Math.max(0, log.length + 1 + end.length - limitBytes);
  // A cut log begins with a whole line, where it has lines.
  if (from > 0) {
    const newline = log.indexOf(0x0a, from);
    if (newline >= 0) from = newline + 1;
  }
  const kept = log.subarray(from);
  const gap = kept.length > 0 && kept[kept.length - 1] !== 0x0a ? 1 : 0;
  const stack = new Uint8Array(kept.length + gap + end.length);
  stack.set(kept);
  if (gap === 1) stack[kept.length] = 0x0a;
  stack.set(end, kept.length + gap);
  return stack;
}
