// How the crashed kernel itself told its end in its log: the word that the referees are held against.

/** A line of the kernel's call trace, or the place that an exception interrupted. */
export interface TraceEntry {
  /**
   * `interrupted`: a `RIP:` line of the kernel's, where an exception, an interrupt or an NMI struck; `frame`: a
   * return address.
   */
  readonly kind: 'interrupted' | 'frame';
  /** As printed: `panic`, `nmi_panic.cold`; null where the kernel printed a bare address. */
  readonly symbol: string | null;
  /** Bytes from the symbol's start. */
  readonly offset: number;
  /** Bytes of the symbol. */
  readonly size: number;
  /** False for `? name+0x1/0x2`: an address found on the stack that no frame led to. */
  readonly reliable: boolean;
}

export interface KernelCrash {
  /** `panic` where panic() was called, `oops` where die() went straight to the capture kernel. */
  readonly kind: 'panic' | 'oops';
  /** Lines of the log that name the crash, the most telling last. */
  readonly headlines: readonly string[];
  readonly cpu: number;
  readonly pid: number;
  readonly command: string;
  /** Innermost first. */
  readonly trace: readonly TraceEntry[];
  /** Where the task was in user space, if its stack leads there. */
  readonly userAddress: bigint | null;
}

const PREFIX = /^\[ *\d+\.\d{6}\](?: ?\[ *[TC]\d+\])? /;
const PANIC = /^Kernel panic - not syncing/;
/** die()'s header: what all its forms have in common is its counter in brackets. */
const DIE = /^[A-Za-z].{0,200} \[#\d+\]/;
const BUG = /^(?:kernel BUG at |BUG: )/;
const IDENTITY =
  /^CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (.+?) (?:Kdump: loaded )?(?:Not tainted|Tainted: )/;
const PLACE = String.raw`([A-Za-z_][\w.$]*)\+0x([0-9a-f]+)\/0x([0-9a-f]+)`;
const FRAME = new RegExp(`^ (\\? )?(?:${PLACE}|0x[0-9a-f]+)(?: \\[[^\\]]+\\])?$`);
const KERNEL_RIP = new RegExp(`^RIP: 0010:${PLACE}`);
const USER_RIP = /^RIP: 0033:(?:0x)?([0-9a-f]+)$/;
/** What else stands in a trace: names of stacks, and registers of what was interrupted. */
const IN_TRACE = /^ <\/?[A-Z#]+>$|^(?:Code|RSP|RAX|RDX|RBP|R10|R13|FS|CS|CR2|PKRU): /;

/** Finds the crash that ends a kernel's log. Throws where the log tells of none, or not all of it. */
export function kernelCrash(log: string): KernelCrash {
  const lines = log.split('\n').map((line) => line.replace(PREFIX, ''));
  const panicAt = lines.findLastIndex((line) => PANIC.test(line));
  const at = panicAt >= 0 ? panicAt : lines.findLastIndex((line) => DIE.test(line));
  if (at < 0) throw new Error('the log tells of no crash: no line "Kernel panic" or "… [#1]"');
  const headlines =
    panicAt >= 0
      ? [lines[at] ?? '']
      : [lines[at] ?? '', ...lines.slice(Math.max(0, at - 10), at).filter((line) => BUG.test(line))];
  const identity = lines.slice(at).flatMap((line) => IDENTITY.exec(line) ?? []);
  const [, cpu, pid, command] = identity;
  if (command === undefined) throw new Error('the log does not say which task crashed on which CPU');
  const called = lines.findIndex((line, i) => i > at && /^Call Trace:/.test(line));
  if (called < 0) throw new Error('the log has no call trace after the crash');
  const struck = panicAt >= 0 ? [] : lines.slice(at, called).flatMap((line) => interrupted(line) ?? []);
  const { trace, userAddress } = readTrace(lines.slice(called + 1));
  return {
    kind: panicAt >= 0 ? 'panic' : 'oops',
    headlines,
    cpu: Number(cpu),
    pid: Number(pid),
    command,
    trace: [...struck.slice(0, 1), ...trace],
    userAddress,
  };
}

function readTrace(lines: readonly string[]): Pick<KernelCrash, 'trace' | 'userAddress'> {
  const trace: TraceEntry[] = [];
  let userAddress: bigint | null = null;
  for (const line of lines) {
    const entry = interrupted(line) ?? frame(line);
    const user = USER_RIP.exec(line)?.[1];
    if (entry !== null) trace.push(entry);
    else if (user !== undefined) userAddress = BigInt(`0x${user}`);
    else if (!IN_TRACE.test(line)) break;
  }
  return { trace, userAddress };
}

function interrupted(line: string): TraceEntry | null {
  const [, symbol, offset, size] = KERNEL_RIP.exec(line) ?? [];
  return symbol === undefined ? null : entryOf('interrupted', symbol, offset, size, true);
}

function frame(line: string): TraceEntry | null {
  const match = FRAME.exec(line);
  if (match === null) return null;
  const [, doubt, symbol, offset, size] = match;
  return entryOf('frame', symbol, offset, size, doubt === undefined);
}

function entryOf(
  kind: TraceEntry['kind'],
  symbol: string | undefined,
  offset = '0',
  size = '0',
  reliable: boolean,
): TraceEntry {
  const [at, bytes] = [Number.parseInt(offset, 16), Number.parseInt(size, 16)];
  return { kind, symbol: symbol ?? null, offset: at, size: bytes, reliable };
}

/** `name+0x12`, as the referees' places are shown too. */
export function placeOf({ symbol, offset }: Pick<TraceEntry, 'symbol' | 'offset'>): string {
  return symbol === null ? 'an address without a symbol' : `${symbol}+0x${offset.toString(16)}`;
}
