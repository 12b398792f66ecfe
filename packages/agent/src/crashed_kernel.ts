import { findCrash, summarise } from '@kcrash/report/crash_text';
import type { Port } from './port.ts';
import { STACK_LIMIT_BYTES, SUMMARY_LIMIT } from './reboot_files.ts';
import { latin1 } from './text.ts';
import { type VmcoreFacts, vmcoreLog } from './vmcore_log.ts';

/** The log's end is searched for the crash; what is further back belongs to an earlier life. */
const SEARCH_BYTES = 262_144;
/** Of the panic at most this many lines go to the console, which may be a slow serial line. */
const CONSOLE_LINES = 200;
/** The line of a panic, a BUG, or a die() with its counter (`Oops: 0002 [#1]`, `general protection fault … [#1]`). */
const NAMES_CRASH = /Kernel panic - |BUG: |kernel BUG at |Oops|\[#\d+\]/;

/** What the log says of the crash. */
export interface CrashNews {
  /** At most `SUMMARY_LIMIT` characters. */
  readonly summary: string;
  /** The panic message with its trace, as the log has it. */
  readonly lines: readonly string[];
}

/** The last `limitBytes` of the crashed kernel's log: from the file where there is one, else from its memory. */
export function logTail(port: Port, vmcore: string, dmesg: string | null, limitBytes: number): Uint8Array {
  if (dmesg === null) return tailOf(vmcoreLog(port, vmcore), limitBytes);
  const file = port.open(dmesg);
  try {
    const length = Math.min(file.size, limitBytes);
    return file.read(file.size - length, length).slice();
  } finally {
    file.close();
  }
}

/** The last bytes of a stream, in memory bounded by twice the limit. */
function tailOf(chunks: Iterable<Uint8Array>, limitBytes: number): Uint8Array {
  const kept: Uint8Array[] = [];
  let total = 0;
  for (const chunk of chunks) {
    kept.push(chunk);
    total += chunk.length;
    while (kept[0] !== undefined && total - kept[0].length >= limitBytes) total -= kept.shift()?.length ?? 0;
  }
  const joined = new Uint8Array(total);
  let at = 0;
  for (const chunk of kept) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined.subarray(Math.max(0, total - limitBytes));
}

/** The tail that reboot-stack is made of. */
export function stackTail(port: Port, vmcore: string, dmesg: string | null): Uint8Array {
  return logTail(port, vmcore, dmesg, STACK_LIMIT_BYTES);
}

/** Finds the crash in the log and says it in short. */
export function readNews(port: Port, vmcore: string, dmesg: string | null, facts: VmcoreFacts): CrashNews {
  const lines = latin1(logTail(port, vmcore, dmesg, SEARCH_BYTES))
    .trimEnd()
    .split('\n');
  const crash = findCrash(lines);
  if (crash === null) {
    return { summary: noCrashSummary(facts), lines: lines.slice(-CONSOLE_LINES) };
  }
  const release = facts.release === null ? {} : { release: facts.release };
  return {
    summary: summarise(crash, release, SUMMARY_LIMIT - 1),
    lines: panicMessage(lines.slice(crash.start, crash.end)),
  };
}

/**
 * What the consoles show of the crash: from the line that names it on. What leads there, such as the list of
 * all tasks before a panic for lack of memory, would push it off the screen.
 */
function panicMessage(crash: readonly string[]): string[] {
  const first = crash.findIndex((line) => NAMES_CRASH.test(line));
  const from = Math.max(0, first);
  return crash.slice(from, from + CONSOLE_LINES);
}

function noCrashSummary(facts: VmcoreFacts): string {
  return `kcrash: the kernel ${facts.release ?? '(release unknown)'} crashed; its log names no cause`;
}
