import { frameOf, textOf } from './log_line.ts';

/** The crash that ends a kernel log. */
export interface CrashText {
  /** Index of the crash's first line. */
  readonly start: number;
  /** Index after the crash's last line. */
  readonly end: number;
  /** What happened, in one line: `kernel panic: sysrq triggered crash`. */
  readonly title: string;
  /** `panic` where panic() was called, `oops` where die() went straight to the capture kernel. */
  readonly kind: 'panic' | 'oops';
  /** The panic's own words (`Kernel panic - not syncing: …`), or null: an oops that went straight to the capture kernel. */
  readonly panic: string | null;
  readonly cpu: number | null;
  readonly pid: number | null;
  readonly comm: string | null;
  /** The kernel's words: `Not tainted`, `Tainted: G           OE`. */
  readonly taint: string | null;
  /** Where the kernel was: `sysrq_handle_crash+0x16/0x20`. */
  readonly rip: string | null;
  /** Function names of the first call trace, innermost first, without the unwinder's doubtful entries. */
  readonly trace: readonly string[];
}

const BOOT = /^Linux version \d/;
const PANIC = /^Kernel panic - not syncing\b/;
/** The header that die() prints: its counter in brackets is what all architectures have in common. */
const DIE = /^[A-Za-z].{0,200}\[#\d{1,6}\]/;
const CUT_HERE = /^-+\[ cut here \]-+/;
const END_TRACE = /^-+\[ end (?:trace|Kernel panic)/;
/** Lines that lead to a die header and belong to the same crash. */
const OOPS_LEAD =
  /^(?:BUG: |kernel BUG at |Unable to handle |Unhandled fault|Insufficient stack space|KASAN: |traps: PANIC: |PANIC: |kernel tried to execute |#PF: |sysrq: Trigger a crash|SysRq : Trigger a crash)/i;
/** How far above its header an oops may begin: arm64 prints some twenty lines first. */
const OOPS_LEAD_LINES = 40;
/** How far above a panic its cause may begin: the out-of-memory report lists every task. */
const CAUSE_LINES = 20_000;

interface Cause {
  /** The panic's text after `Kernel panic - not syncing: `. */
  readonly panic: RegExp;
  /** The line that begins such a crash; the nearest one above the panic counts. */
  readonly start: RegExp;
}

/** Which earlier line begins a crash that a panic ends. A panic named by none of these begins its own crash. */
const CAUSES: readonly Cause[] = [
  { panic: /^sysrq triggered crash/i, start: /^sysrq ?: Trigger a crash/i },
  {
    panic: /^NMI: Not continuing|^panic_on_unrecovered_nmi|unrecovered NMI/i,
    start: /^(?:Uhhuh\. )?NMI(?: received|: )/,
  },
  { panic: /^NMI IOCK/i, start: /^NMI: IOCK error/ },
  { panic: /out of memory|panic_on_oom/i, start: /^\S.{0,64} invoked oom-killer: / },
  { panic: /^softlockup/i, start: /BUG: soft lockup - CPU#/ },
  { panic: /hard lockup/i, start: /Watchdog detected hard LOCKUP|Watchdog CPU:/i },
  { panic: /^hung_task/i, start: /^INFO: task .{0,100} blocked (?:for more than|in I\/O wait)/ },
  { panic: /^RCU Stall/i, start: /^(?:rcu: )?INFO: rcu\S* .{0,40}(?:detected|self-detected) /i },
  {
    panic: /panic_on_warn|^KASAN|^KFENCE|^UBSAN|^kernel: panic_on_warn/,
    start: /^(?:WARNING: |BUG: K|UBSAN: )/,
  },
  { panic: /machine check/i, start: /^(?:mce: )?\[Hardware Error\]: / },
];

/**
 * Finds the crash that killed the kernel in the lines of its log (of any prefix: level, time, caller). What
 * the kernel survived earlier (a WARNING, an oops without panic_on_oops) is not it. Null when the log tells
 * of no crash.
 */
export function findCrash(lines: readonly string[]): CrashText | null {
  const boot = lastIndex(lines, lines.length, 0, BOOT);
  const panicAt = firstIndex(lines, boot + 1, lines.length, PANIC);
  const dieAt = panicAt < 0 ? lastIndex(lines, lines.length, boot + 1, DIE) : -1;
  if (panicAt < 0 && dieAt < 0) return null;
  const start = panicAt < 0 ? oopsStart(lines, dieAt) : panicStart(lines, panicAt, boot + 1);
  let end = lines.length;
  while (end > start + 1 && textOf(lines[end - 1] ?? '').trim() === '') end--;
  return describe(lines, start, end, panicAt);
}

function firstIndex(lines: readonly string[], from: number, to: number, what: RegExp): number {
  for (let i = from; i < to; i++) if (what.test(textOf(lines[i] ?? ''))) return i;
  return -1;
}

/** The last line in [floor, before) that matches, or -1. */
function lastIndex(lines: readonly string[], before: number, floor: number, what: RegExp): number {
  for (let i = before - 1; i >= floor; i--) if (what.test(textOf(lines[i] ?? ''))) return i;
  return -1;
}

function panicStart(lines: readonly string[], panicAt: number, floor: number): number {
  const message = panicMessage(textOf(lines[panicAt] ?? ''));
  const lowest = Math.max(floor, panicAt - CAUSE_LINES);
  for (const cause of CAUSES) {
    if (!cause.panic.test(message)) continue;
    const start = lastIndex(lines, panicAt, lowest, cause.start);
    return start < 0 ? panicAt : cutHere(lines, start);
  }
  // die() panics for its caller, and an oops that kills init or the idle task does so through do_exit().
  const die = lastIndex(lines, panicAt, Math.max(lowest, panicAt - 400), DIE);
  if (die < 0) return panicAt;
  if (/^Fatal exception|^Aiee, killing interrupt|^Attempted to kill the idle|^Unrecoverable/i.test(message)) {
    return oopsStart(lines, die);
  }
  const dead = identity(lines, die, panicAt);
  const mine = identity(lines, panicAt, Math.min(lines.length, panicAt + 20));
  return /^Attempted to kill init/.test(message) && dead.pid === (mine.pid ?? 1)
    ? oopsStart(lines, die)
    : panicAt;
}

function panicMessage(text: string): string {
  return text.replace(/^Kernel panic - not syncing:?\s*/, '');
}

/** The first of the lines that lead up to a die header. */
function oopsStart(lines: readonly string[], die: number): number {
  let start = die;
  for (let i = die - 1; i >= Math.max(0, die - OOPS_LEAD_LINES); i--) {
    const text = textOf(lines[i] ?? '');
    if (END_TRACE.test(text) || DIE.test(text)) break;
    if (OOPS_LEAD.test(text)) start = i;
  }
  return cutHere(lines, start);
}

function cutHere(lines: readonly string[], start: number): number {
  return start > 0 && CUT_HERE.test(textOf(lines[start - 1] ?? '')) ? start - 1 : start;
}

interface Identity {
  readonly cpu: number | null;
  readonly pid: number | null;
  readonly comm: string | null;
  readonly taint: string | null;
}

/** What dump_stack() and show_regs() say of the machine: `CPU: 0 UID: 0 PID: 1 Comm: init Not tainted 6.12.1 #1`. */
const IDENTITY =
  /^CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (.{0,40}?) (Not tainted|Tainted: (?:\[[^\]]*\]=?\S*,? ?|[A-Z] ?| )+)/;

function identity(lines: readonly string[], from: number, to: number): Identity {
  for (let i = from; i < to; i++) {
    const match = IDENTITY.exec(textOf(lines[i] ?? ''));
    if (match === null) continue;
    const [, cpu = '', pid = '', comm = '', taint = ''] = match;
    return { cpu: Number(cpu), pid: Number(pid), comm, taint: taint.trim() };
  }
  return { cpu: null, pid: null, comm: null, taint: null };
}

const CALL_TRACE = /^\s*(?:Call [Tt]race|Backtrace): ?/;
/** x86's `RIP: 0010:foo+0x1/0x2` (a selector of the kernel's), arm64's `pc : foo+0x1/0x2`, arm's `PC is at foo+0x1/0x2`. */
const PROGRAM_COUNTER =
  /^(?:E?IP: (?:0010:|0060:)?|RIP: 0010:|pc : |PC is at |epc : )(?:\[<[0-9a-f]+>\]\s*)*(?=[A-Za-z_])(\S+\+0x[0-9a-f]+\/0x[0-9a-f]+)/;

function programCounter(lines: readonly string[], from: number, to: number): string | null {
  for (let i = from; i < to; i++) {
    const match = PROGRAM_COUNTER.exec(textOf(lines[i] ?? ''));
    if (match !== null) return match[1] ?? null;
  }
  return null;
}

function firstTrace(lines: readonly string[], from: number, to: number): string[] {
  const header = firstIndex(lines, from, to, CALL_TRACE);
  const names: string[] = [];
  if (header < 0) return names;
  for (let i = header + 1; i < to; i++) {
    const text = textOf(lines[i] ?? '');
    const frame = frameOf(text);
    if (frame?.reliable) names.push(frame.symbol);
    else if (frame === null && endsTrace(text)) break;
  }
  return names;
}

/** Trace lines are indented, as are the stack names `<IRQ>`; what stands at the margin is something else. */
function endsTrace(text: string): boolean {
  return !/^\s+(?:<\/?[A-Z#]+>|[?(<])|^RIP: |^R[A-DS-][XPI]: |^R\d\d: |^Code: |^\s*<\/?[A-Z]+>|^(?:E[A-Z]{2}|RSP|FS|CS|CR2|DR\d|PKRU): /.test(
    text,
  );
}

function describe(lines: readonly string[], start: number, end: number, panicAt: number): CrashText {
  const panic = panicAt < 0 ? null : textOf(lines[panicAt] ?? '').trimEnd();
  const rip = programCounter(lines, start, end);
  const trace = firstTrace(lines, start, end);
  return {
    start,
    end,
    title: titleOfCrash(lines, start, end, panic, rip),
    kind: panic === null ? 'oops' : 'panic',
    panic,
    ...identity(lines, start, end),
    rip,
    trace,
  };
}

function titleOfCrash(
  lines: readonly string[],
  start: number,
  end: number,
  panic: string | null,
  rip: string | null,
): string {
  const where = rip === null ? '' : ` in ${rip.replace(/\+.*/, '')}`;
  const message = panic === null ? '' : panicMessage(panic);
  if (panic !== null && !/^Fatal exception|^Aiee/.test(message)) return `kernel panic: ${message}`;
  for (let i = start; i < Math.min(end, start + OOPS_LEAD_LINES); i++) {
    const text = textOf(lines[i] ?? '');
    const words = OOPS_WORDS.exec(text)?.[0];
    if (words !== undefined)
      return (
        words
          .replace(/^kernel BUG at/, 'kernel BUG')
          .replace(/^BUG: kernel/, 'BUG: unable to handle kernel') + where
      );
  }
  return (textOf(lines[start] ?? '').replace(/: [0-9a-f]{4} \[#.*/, '') || 'kernel crash') + where;
}

const OOPS_WORDS =
  /BUG: (?:unable to handle )?(?:kernel )?(?:NULL pointer dereference|paging request|page fault)|BUG: KASAN: \S+|kernel BUG at|general protection fault|divide error|invalid opcode|stack guard page was hit|double fault|Unable to handle kernel [a-zA-Z ]+?(?= at)|Internal error/;

/** What else is known of the machine, for the summary. */
export interface SummaryFacts {
  /** `uname -r` of the crashed kernel. */
  readonly release?: string;
  /** The crash's time as the caller writes times. */
  readonly date?: string;
  /** Where the whole log lies. */
  readonly dmesgPath?: string;
}

/**
 * The crash in plain ASCII, for a screen that shows the last `limit` characters of a file: what crashed,
 * where, and as much of the stack as fits. Lines end in a newline.
 */
export function summarise(crash: CrashText, facts: SummaryFacts = {}, limit = 1600): string {
  const task = crash.comm === null ? [] : [`Task: ${crash.comm} (PID ${crash.pid}) on CPU ${crash.cpu}`];
  const head = [
    `kcrash: ${crash.title}`,
    ...(facts.date === undefined ? [] : [`Date: ${facts.date}`]),
    ...(facts.release === undefined
      ? []
      : [`Kernel: ${facts.release}${crash.taint === null ? '' : `, ${crash.taint}`}`]),
    ...task,
    ...(crash.panic === null ? [] : [crash.panic]),
    ...(crash.rip === null ? [] : [`At: ${crash.rip}`]),
    ...(facts.dmesgPath === undefined ? [] : [`Log: ${facts.dmesgPath}`]),
  ].map((line) => ascii(line).slice(0, 200));
  const lines = [...head, ...(crash.trace.length === 0 ? [] : ['Stack:'])];
  let room = limit - lines.reduce((sum, line) => sum + line.length + 1, 0);
  const more = ' ... 999 more'.length + 1;
  for (const [index, name] of crash.trace.entries()) {
    const line = ` ${ascii(name).slice(0, 200)}`;
    const left = crash.trace.length - index;
    if (room < line.length + 1 + (left > 1 ? more : 0)) {
      lines.push(` ... ${left} more`);
      break;
    }
    lines.push(line);
    room -= line.length + 1;
  }
  return `${lines.join('\n')}\n`.slice(0, limit);
}

/** Printable ASCII only: whatever reads the summary may know no other characters. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
