import type { Dump } from '../dump.ts';

/** `COMMAND_LINE_SIZE` is 2048 on x86_64 and at most 4096 elsewhere; bootconfig may add as much again. */
const MOST_BYTES = 1 << 16;

/**
 * The kernel's command line as /proc/cmdline shows it. Throws `not-described` where the kernel does not name
 * it, and what reading memory throws.
 */
export function readCommandLine(dump: Dump): string {
  const text = dump.memory.pointer(dump.variable('saved_command_line'));
  return dump.memory.cString(text, MOST_BYTES);
}
