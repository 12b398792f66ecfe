import { traceFromCrash } from './compare_crash_stack.ts';
import { type Finding, FindingBuilder } from './finding.ts';
import { type KernelCrash, placeOf } from './kernel_trace.ts';

/** A frame that is not inlined, as drgn has it. */
export interface DrgnFrame {
  /** In hexadecimal with 0x; null where drgn cannot tell who called the frame before. */
  readonly pc: string | null;
  /** The ELF symbol it lies in; null in user space, and in a module whose debug info drgn was not given. */
  readonly symbol: string | null;
  readonly offset: number;
}

/** What `drgn_facts.py` tells of a dump. */
export interface DrgnFacts {
  readonly version: string;
  readonly release: string;
  /** The kernel's log, a character for each byte. */
  readonly log: string;
  /** Every thread that the kernel's PID table has. */
  readonly threads: number;
  readonly crashed: {
    readonly pid: number;
    readonly cpu: number;
    readonly command: string;
    readonly frames: readonly DrgnFrame[];
    /** drgn's words where it gives no stack; null where it does. */
    readonly failure: string | null;
    /** Frames of inlined functions, which the kernel's own trace does not have. */
    readonly inlined: number;
  };
  /** Addresses of the symbols that were asked for, in hexadecimal with 0x. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** On x86_64 the kernel's addresses have the highest bit set. */
const KERNEL_SPACE = 1n << 63n;

/**
 * Compares drgn's stack of the crashed thread with the call trace in the kernel's log: every frame, its function
 * and its offset, none more and none less. Where drgn names another symbol of the same address (assembly code
 * has several) the address decides.
 */
export function compareDrgnStack(facts: DrgnFacts, crash: KernelCrash): Finding {
  const finding = new FindingBuilder();
  const { crashed } = facts;
  finding.equal('PID', crashed.pid, crash.pid);
  finding.equal('CPU', crashed.cpu, crash.cpu);
  finding.equal('COMMAND', crashed.command, crash.command);
  if (crashed.failure !== null) {
    finding.differ('stack', `none: ${crashed.failure}`, 'one');
    return finding;
  }
  const kernelFrames = crashed.frames.filter(({ pc }) => pc !== null && BigInt(pc) >= KERNEL_SPACE);
  const unknown = kernelFrames.filter(({ symbol }) => symbol === null).map(({ pc }) => pc);
  if (unknown.length > 0) finding.note(`no debug info for ${unknown.join(', ')}: --module gives a module's`);
  const skipped = crash.kind === 'oops' ? 0 : 1 + kernelFrames.findIndex(({ symbol }) => symbol === 'panic');
  if (crash.kind === 'panic' && skipped === 0) finding.differ('frame', 'none in panic', 'panic');
  const found = kernelFrames.slice(skipped);
  const wanted = traceFromCrash(crash).filter(({ reliable }) => reliable);
  const last = kernelFrames.at(-1);
  const lost = crashed.frames.at(-1)?.pc === null && last !== undefined;
  if (lost) finding.differ('stack', `its end after ${placeOf(last)}`, `${wanted.length} frames`);
  else finding.equal('number of frames', found.length, wanted.length);
  for (const [index, entry] of wanted.entries()) {
    const frame = found[index];
    if (frame === undefined) continue;
    const start = facts.addresses[entry.symbol ?? ''];
    const same = start !== undefined && BigInt(start) + BigInt(entry.offset) === BigInt(frame.pc ?? 0);
    if (same && placeOf(frame) !== placeOf(entry))
      finding.note(`${placeOf(frame)} is ${placeOf(entry)}, by its address`);
    if (!same && placeOf(frame) !== placeOf(entry))
      finding.differ(`frame ${index}`, placeOf(frame), placeOf(entry));
  }
  finding.note(`${wanted.length} frames in the log; ${crashed.inlined} inlined ones are drgn's own`);
  const user = crashed.frames.find(({ pc }) => pc !== null && BigInt(pc) < KERNEL_SPACE)?.pc ?? 'none';
  const userWanted = crash.userAddress === null ? 'none' : `0x${crash.userAddress.toString(16)}`;
  if (crash.userAddress !== null || user !== 'none') finding.equal('address in user space', user, userWanted);
  return finding;
}
