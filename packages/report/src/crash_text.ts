import { counterOf, frameOf } from './frame.ts';
import { type Message, messagesOf, textOf } from './log_line.ts';
import { titleOfLines } from './title.ts';

/** The crash that ends a kernel log. */
export interface CrashText {
  /** Index of the crash's first line. */
  readonly start: number;
  /** Index after the crash's last line. */
  readonly end: number;
  /** What happened, in one line and by upstream's words: `kernel panic: sysrq triggered crash`. */
  readonly title: string;
  /** As `Title.kind`. */
  readonly kind: string;
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

/** A line to look for: `hint` stands in every such line, and `pattern` matches its text. */
interface Mark {
  readonly hint: string;
  readonly pattern: RegExp;
}

const BOOT: Mark = { hint: 'Linux version ', pattern: /^Linux version \d/ };
const PANIC: Mark = { hint: 'Kernel panic - ', pattern: /^Kernel panic - not syncing\b/ };
/** The header that die() prints: its counter in brackets is what all architectures have in common. */
const DIE: Mark = { hint: '[#', pattern: /^[A-Za-z].{0,200}\[#\d{1,6}\]/ };
/** How soon after its message panic() tells the CPU; other CPUs' lines may come between. */
const PANIC_CPU_LINES = 8;
const PANIC_CPU = /^(?:CPU: \d+ (?:UID: \d+ )?PID: \d+|Hardware name: )/;
const CUT_HERE = /^-+\[ cut here \]-+/;
const END_TRACE = /^-+\[ end (?:trace|Kernel panic)/;
/** Lines that lead to a die header and belong to the same crash. */
const OOPS_LEAD =
  /^(?:BUG: |kernel BUG at |Unable to handle |Unhandled fault|Insufficient stack space|KASAN: |traps: PANIC: |PANIC: |kernel tried to execute |#PF: |sysrq: Trigger a crash|SysRq : Trigger a crash)/i;
/** How far above its header an oops may begin: arm64 prints some twenty lines first. */
const OOPS_LEAD_LINES = 40;
/** How far above a panic its cause may begin: the out-of-memory report lists every task. */
const CAUSE_LINES = 20_000;
/** How far below the first line of a crash its task and registers may stand. */
const REGISTERS_LINES = 1000;

interface Cause {
  /** The panic's text after `Kernel panic - not syncing: `. */
  readonly panic: RegExp;
  /** The line that begins such a crash; the nearest one above the panic counts. */
  readonly start: Mark;
}

/** Which earlier line begins a crash that a panic ends. A panic named by none of these begins its own crash. */
const CAUSES: readonly Cause[] = [
  {
    panic: /^sysrq triggered crash/i,
    start: { hint: 'rigger a crash', pattern: /^sysrq ?: Trigger a crash/i },
  },
  {
    panic: /^NMI|^panic_on_unrecovered_nmi|unrecovered NMI/i,
    start: { hint: 'NMI', pattern: /^(?:Uhhuh\. )?NMI(?: received|: IOCK)/ },
  },
  {
    panic: /out of memory|panic_on_oom/i,
    start: { hint: ' invoked oom-killer: ', pattern: /^\S.{0,64} invoked oom-killer: / },
  },
  { panic: /^softlockup/i, start: { hint: 'BUG: soft lockup', pattern: /BUG: soft lockup - CPU#/ } },
  {
    panic: /hard lockup/i,
    start: { hint: 'atchdog', pattern: /Watchdog detected hard LOCKUP|Watchdog CPU:/i },
  },
  {
    panic: /^hung_task/i,
    start: { hint: 'INFO: task ', pattern: /^INFO: task .{0,100} blocked (?:for more than|in I\/O wait)/ },
  },
  {
    panic: /^RCU Stall/i,
    start: { hint: 'INFO: rcu', pattern: /^(?:rcu: )?INFO: rcu\S* .{0,40}(?:self-)?detected /i },
  },
  {
    panic: /panic_on_warn|panic_on_kmsan|^KASAN|^KFENCE|^UBSAN/,
    start: { hint: ': ', pattern: /^(?:WARNING: |BUG: K|UBSAN: )/ },
  },
  {
    panic: /machine check/i,
    start: { hint: '[Hardware Error]', pattern: /^(?:mce: )?\[Hardware Error\]: / },
  },
];

/**
 * Finds the crash that killed the kernel in the lines of its log (of any prefix: level, time, caller). What
 * the kernel survived earlier (a WARNING, an oops without panic_on_oops) is not it. Null when the log tells
 * of no crash.
 */
export function findCrash(lines: readonly string[]): CrashText | null {
  const boot = lastIndex(lines, lines.length, 0, BOOT);
  const panicAt = findPanic(lines, boot + 1);
  const dieAt = panicAt < 0 ? lastIndex(lines, lines.length, boot + 1, DIE) : -1;
  if (panicAt < 0 && dieAt < 0) return null;
  const start = panicAt < 0 ? oopsStart(lines, dieAt) : panicStart(lines, panicAt, boot + 1);
  let end = lines.length;
  while (end > start + 1 && textOf(lines[end - 1] ?? '').trim() === '') end--;
  return describe(lines, start, end, panicAt);
}

/**
 * The line of the panic that ended the kernel. panic() prints who called it right after its message, and the
 * first one that does is the cause of any later. Without that, as when a program writes such a line into the
 * log, only the last counts, for nothing that the kernel does comes after a panic.
 */
function findPanic(lines: readonly string[], from: number): number {
  let last = -1;
  let next = firstIndex(lines, from, lines.length, PANIC);
  while (next >= 0) {
    last = next;
    next = firstIndex(lines, last + 1, lines.length, PANIC);
    const until = Math.min(next < 0 ? lines.length : next, last + 1 + PANIC_CPU_LINES);
    if (lines.slice(last + 1, until).some((line) => PANIC_CPU.test(textOf(line)))) return last;
  }
  return last;
}

function isMarked(line: string | undefined, mark: Mark): boolean {
  return line?.includes(mark.hint) === true && mark.pattern.test(textOf(line));
}

/** The first line in [from, to) with the mark, or -1. */
function firstIndex(lines: readonly string[], from: number, to: number, mark: Mark): number {
  for (let i = from; i < to; i++) if (isMarked(lines[i], mark)) return i;
  return -1;
}

/** The last line in [floor, before) with the mark, or -1. */
function lastIndex(lines: readonly string[], before: number, floor: number, mark: Mark): number {
  for (let i = before - 1; i >= floor; i--) if (isMarked(lines[i], mark)) return i;
  return -1;
}

function panicStart(lines: readonly string[], panicAt: number, floor: number): number {
  const message = panicMessage(textOf(lines[panicAt] ?? ''));
  const lowest = Math.max(floor, panicAt - CAUSE_LINES);
  for (const cause of CAUSES) {
    if (!cause.panic.test(message)) continue;
    let start = lastIndex(lines, panicAt, lowest, cause.start);
    while (start > lowest && isMarked(lines[start - 1], cause.start)) start--;
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
    if (END_TRACE.test(text) || DIE.pattern.test(text)) break;
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
  /^CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (.{0,40}?)(?: Kdump: loaded)? (Not tainted|Tainted: (?:\[[^\]]*\]=?\S*,? ?|[A-Z] ?| )+)/;

function identity(lines: readonly string[], from: number, to: number): Identity {
  for (let i = from; i < to; i++) {
    const match = IDENTITY.exec(textOf(lines[i] ?? ''));
    if (match === null) continue;
    const [, cpu = '', pid = '', comm = '', taint = ''] = match;
    return { cpu: Number(cpu), pid: Number(pid), comm, taint: taint.trim() };
  }
  return { cpu: null, pid: null, comm: null, taint: null };
}

const CALL_TRACE: Mark = { hint: 'race:', pattern: /^\s*(?:Call [Tt]race|Backtrace): ?/ };
function programCounter(lines: readonly string[], from: number, to: number): string | null {
  for (let i = from; i < to; i++) {
    const counter = counterOf(textOf(lines[i] ?? ''));
    if (counter !== null) return counter;
  }
  return null;
}

/** The first stack, without what other contexts printed between its lines (where the log tells who prints). */
function firstTrace(lines: readonly string[], from: number, to: number): string[] {
  const header = firstIndex(lines, from, to, CALL_TRACE);
  const names: string[] = [];
  if (header < 0) return names;
  const caller = lastMessage(lines[header]).caller;
  for (let i = header + 1; i < to; i++) {
    const message = lastMessage(lines[i]);
    if (message.caller !== caller) continue;
    const frame = frameOf(message.text);
    if (frame?.reliable) names.push(frame.symbol);
    else if (frame === null && !STACK_LINE.test(message.text)) break;
  }
  return names;
}

function lastMessage(line: string | undefined): Message {
  return messagesOf(line ?? '').at(-1) ?? { text: '', caller: null, stamped: false };
}

/** What may stand between the frames of a stack: the names of stacks (`<IRQ>`), doubtful addresses, registers. */
const STACK_LINE =
  /^\s+(?:<\/?[A-Z#]+>|[?(<0])|^\s*<\/?[A-Z]+>|^(?:RIP|RSP|R[A-D]X|R[SD]I|RBP|R\d\d|Code|FS|CS|CR2|DR\d|PKRU|E[A-Z]{2}): /;

function describe(lines: readonly string[], start: number, end: number, panicAt: number): CrashText {
  const near = Math.min(end, start + REGISTERS_LINES);
  const named = titleOfLines(lines.slice(start, end));
  return {
    start,
    end,
    title: named?.title ?? textOf(lines[start] ?? '').trim(),
    kind: named?.kind ?? 'UNKNOWN',
    panic: panicAt < 0 ? null : textOf(lines[panicAt] ?? '').trimEnd(),
    ...identity(lines, start, near),
    rip: programCounter(lines, start, near),
    trace: firstTrace(lines, start, end),
  };
}

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
  const calls = runs(crash.trace);
  for (const [index, call] of calls.entries()) {
    const line = ` ${ascii(call).slice(0, 200)}`;
    const left = calls.length - index;
    if (room < line.length + 1 + (left > 1 ? more : 0)) {
      lines.push(` ... ${left} more`);
      break;
    }
    lines.push(line);
    room -= line.length + 1;
  }
  return `${lines.join('\n')}\n`.slice(0, limit);
}

/** The stack with a function that called itself over and over told once: `recurse (57 times)`. */
function runs(trace: readonly string[]): string[] {
  const calls: { name: string; times: number }[] = [];
  for (const name of trace) {
    const last = calls.at(-1);
    if (last?.name === name) last.times++;
    else calls.push({ name, times: 1 });
  }
  return calls.map(({ name, times }) => (times === 1 ? name : `${name} (${times} times)`));
}

/** Printable ASCII only: whatever reads the summary may know no other characters. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
