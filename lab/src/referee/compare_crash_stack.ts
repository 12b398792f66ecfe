import type { Backtrace, CrashFrame } from './crash_output.ts';
import { type Finding, FindingBuilder } from './finding.ts';
import { type KernelCrash, placeOf, type TraceEntry } from './kernel_trace.ts';

/**
 * Compares crash's `bt -s` of the crashed task with the call trace in the kernel's log: the task, and every
 * frame's function and offset in order. Allowed for, and noted:
 * - crash begins where the kernel entered the capture kernel, the log where it was told to dump its stack:
 *   both are compared from panic(), or from the place that the oops struck;
 * - crash scans the stack, so it may show what the kernel marks with `?`;
 * - a call that never returns may end its function: its return address is past the end (`name+0xc/0xc`), where
 *   crash sees no function;
 * - at a change of stack crash shows the interrupted place a second time.
 */
export function compareCrashStack(bt: Backtrace, crash: KernelCrash): Finding {
  const finding = new FindingBuilder();
  finding.equal('PID', bt.pid, crash.pid);
  finding.equal('CPU', bt.cpu, crash.cpu);
  finding.equal('COMMAND', bt.command, crash.command);
  for (const line of bt.unknown) finding.differ('bt', JSON.stringify(line), 'a line that is understood');
  const found = fromCrash(withoutRepeats(bt.frames), crash.kind, finding);
  compareFrames(found, traceFromCrash(crash), finding);
  if (crash.userAddress !== null || bt.userAddress !== null) {
    finding.equal('address in user space', hex(bt.userAddress), hex(crash.userAddress));
  }
  return finding;
}

/** The log's trace after panic(), or from the place that the oops struck. */
export function traceFromCrash(crash: KernelCrash): readonly TraceEntry[] {
  if (crash.kind === 'oops') return crash.trace;
  return crash.trace.slice(
    1 + crash.trace.findIndex(({ symbol, reliable }) => reliable && symbol === 'panic'),
  );
}

function withoutRepeats(frames: readonly CrashFrame[]): CrashFrame[] {
  return frames.filter((frame, index) => {
    const before = frames[index - 1];
    return !(frame.afterSwitch && before !== undefined && placeOf(before) === placeOf(frame));
  });
}

/** crash's frames from the crash on, without the way into the capture kernel. */
function fromCrash(
  frames: readonly CrashFrame[],
  kind: KernelCrash['kind'],
  finding: FindingBuilder,
): readonly CrashFrame[] {
  const at = frames.findIndex((frame) =>
    kind === 'panic' ? frame.symbol === 'panic' : frame.kind === 'exception',
  );
  const way = frames.slice(0, Math.max(at, 0)).map(({ symbol }) => symbol);
  finding.equal('innermost frame', way[0], 'machine_kexec');
  if (at < 0) {
    finding.differ('bt', 'none', kind === 'panic' ? 'a frame in panic' : 'an exception frame');
    return [];
  }
  finding.note(`the way into the capture kernel: ${way.toReversed().join(', ')}`);
  return frames.slice(kind === 'panic' ? at + 1 : at);
}

function compareFrames(
  found: readonly CrashFrame[],
  wanted: readonly TraceEntry[],
  finding: FindingBuilder,
): void {
  const doubtful: string[] = [];
  const pastEnd: string[] = [];
  const passOver = (entries: readonly TraceEntry[]) => {
    for (const entry of entries) {
      if (!entry.reliable) continue;
      if (entry.offset === entry.size) pastEnd.push(placeOf(entry));
      else finding.differ('frame', 'none in its place', placeOf(entry));
    }
  };
  let next = 0;
  for (const frame of found) {
    const place = placeOf(frame);
    const at = wanted.findIndex((entry, i) => i >= next && placeOf(entry) === place);
    const entry = wanted[at];
    if (entry === undefined) {
      const rest = wanted.slice(next).find(({ reliable }) => reliable);
      finding.differ('frame', place, rest === undefined ? 'the end of the stack' : placeOf(rest));
      continue;
    }
    passOver(wanted.slice(next, at));
    if (!entry.reliable) doubtful.push(place);
    next = at + 1;
  }
  passOver(wanted.slice(next));
  const reliable = wanted.filter((entry) => entry.reliable).length;
  finding.note(`${reliable} frames in the log`);
  if (doubtful.length > 0)
    finding.note(`crash shows ${doubtful.length} that the kernel marks "?": ${doubtful.join(', ')}`);
  if (pastEnd.length > 0) finding.note(`crash passes over ${pastEnd.join(', ')}, past its function's end`);
}

function hex(address: bigint | null): string {
  return address === null ? 'none' : `0x${address.toString(16)}`;
}
