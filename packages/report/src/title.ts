import { framesOf, type Message, messagesOf } from './log_line.ts';
import { allocates, commonName, isEntry, onlyCarries, onlyWaits, sourceName } from './title_frames.ts';
import {
  FOREIGN_REPORT,
  type FrameSource,
  HARMLESS,
  KINDS,
  LEAD,
  OTHER_CRASH,
  TITLE_RULES,
  type TitleRule,
} from './title_rules.ts';

/** What a log's crash is called. */
export interface Title {
  /** In the words of upstream's bug reports: `general protection fault in sg_remove_request`. */
  readonly title: string;
  /** What sort of failure it is, by upstream's words: `KASAN-READ`, `HANG`, `DoS`; `UNKNOWN` where upstream has none. */
  readonly kind: string;
  /** The guilty function of the title, or null where the title names none. */
  readonly frame: string | null;
  /** True when the report is mangled or cut short, and the title may not tell the truth. */
  readonly corrupted: boolean;
}

/** In a title, where the function belongs and the report does not give it. */
const NO_FRAME = 'corrupted';

/** Words without which a line begins no crash: a quick test before the rules. */
const MAY_BEGIN =
  /BUG|WARNING: |INFO: |[Uu]nable to handle|panic|general protection fault|UBSAN: |Internal error|fault[,:] |[Kk]ernel bug|(?:opcode|error|segment|present|overrun|TSS|check|int3|exception|bounds|overflow|#\w{1,20})[,:] |Insufficient stack|trap: |Busy inodes|waiting for |ASSERT FAILED|SYZFA/;
/** Messages so plain that they begin a crash wherever in a line they stand. */
const ANYWHERE =
  /(?:BUG: KASAN: |BUG: unable to handle |general protection fault(?:,.{0,100})?: [0-9a-f]{4} \[#|Kernel panic - not syncing: |kernel BUG at )/;
/** Words of other programs, and of the kernel about other programs. */
const QUOTED = /["=]|\w\[\d+\]:|Command line/;
/** A message that began above and was cut off: the kernel prints it again. */
const REPLAYED = '** replaying previous printk message **';
const LINE_LIMIT = 2000;
const REPORT_LIMIT = 1500;
/** Reports that are looked at before the search ends without a title. */
const REPORTS_LIMIT = 50;

/** The title of the first crash in a log (a console's capture, a dmesg), or null when it tells of none. */
export function titleOf(log: string): Title | null {
  return titleOfLines(log.split('\n'));
}

/** As `titleOf`, on lines. Time is linear in their length. */
export function titleOfLines(lines: readonly string[]): Title | null {
  let unnamed: Title | null = null;
  let reports = 0;
  for (let i = 0; i < lines.length && reports < REPORTS_LIMIT; i++) {
    if (!MAY_BEGIN.test(lines[i] ?? '')) continue;
    const messages = messagesOf((lines[i] ?? '').slice(0, LINE_LIMIT));
    for (const [index, message] of messages.entries()) {
      const first = beginning(message.text);
      if (first === null || (lines[i + 1] ?? '').startsWith(REPLAYED)) continue;
      reports++;
      const report = reportOf(lines, i + 1, messages.slice(index + 1), message.caller);
      const title = named(first, report);
      if (title !== null) return title;
      const other = otherTitle(first, message);
      // Only a WARNING may be about nothing: it names the crash when the log tells of no other.
      if (other !== null && !(first.startsWith('WARNING: ') && !other.corrupted)) return other;
      unnamed ??= other;
    }
  }
  return unnamed;
}

/** The first words of a crash that begins with this message, without its lead; null if none does. */
function beginning(whole: string): string | null {
  const text = whole.replace(LEAD, '');
  if (HARMLESS.test(text)) return null;
  if (BEGINNINGS.test(text) || OTHER_CRASH.test(text)) return text;
  const at = ANYWHERE.exec(text);
  return at === null || QUOTED.test(text.slice(0, at.index)) ? null : text.slice(at.index);
}

/** Any rule's `line`. */
const BEGINNINGS = new RegExp(
  TITLE_RULES.map((rule) => rule.line.source.replace(/\(\?<\w+>/g, '(?:')).join('|'),
  'i',
);

/** The messages after a crash's first that its context printed. */
function reportOf(
  lines: readonly string[],
  from: number,
  sameLine: readonly Message[],
  caller: string | null,
): string[] {
  const inInterrupt = caller?.startsWith('C') ?? false;
  const report: string[] = [];
  const take = (message: Message): void => {
    const its = message.caller;
    // A stack in interrupt context may come from another processor, asked by NMI for it.
    if (caller === null || its === caller || (inInterrupt && (its?.startsWith('C') ?? false)))
      report.push(message.text);
  };
  for (const message of sameLine) take(message);
  for (let i = from; i < lines.length && report.length < REPORT_LIMIT; i++) {
    for (const message of messagesOf((lines[i] ?? '').slice(0, LINE_LIMIT))) take(message);
  }
  return report;
}

function named(first: string, report: readonly string[]): Title | null {
  for (const rule of TITLE_RULES) {
    const match = rule.line.exec(first);
    if (match === null) continue;
    const own = rule.longReport ? report : ownPart(first, report);
    const detail = rule.with === undefined ? null : firstMatch(own, rule.with);
    if (rule.with !== undefined && detail === null) continue;
    return fill(rule, { ...match.groups, ...detail?.groups }, own, own.length < report.length);
  }
  return null;
}

function firstMatch(report: readonly string[], what: RegExp): RegExpExecArray | null {
  for (const text of report) {
    const match = what.exec(text);
    if (match !== null) return match;
  }
  return null;
}

/** Messages that could begin a crash, but go on with any: it ends in a panic, or in a second fault. */
const GOES_ON = /^(?:Kernel panic - not syncing|PANIC: double fault|unregister_netdevice: )/;
/** The header that die() prints below the words of its caller, and those callers. */
const DIE_HEADER = /^(?:.{0,100}\[#\d+\]|Internal error: )/;
const DIES = /^(?:BUG: |[uU]nable to handle|[kK]ernel BUG|Unhandled fault|PANIC: double fault|rust_kernel: )/;

/** The report up to where another one begins. */
function ownPart(first: string, report: readonly string[]): readonly string[] {
  const dies = DIES.test(first) && !first.startsWith('BUG: K');
  let bug = first.startsWith('rust_kernel: ');
  for (const [index, text] of report.entries()) {
    if (FOREIGN_REPORT.test(text)) return report.slice(0, index);
    if (!MAY_BEGIN.test(text) || GOES_ON.test(text)) continue;
    const other = beginning(text);
    if (other === null || GOES_ON.test(other) || (dies && DIE_HEADER.test(other))) continue;
    if (bug && /^kernel BUG/.test(other)) {
      bug = false;
      continue;
    }
    return report.slice(0, index);
  }
  return report;
}

function fill(
  rule: TitleRule,
  groups: Readonly<Record<string, string | undefined>>,
  own: readonly string[],
  cut: boolean,
): Title {
  const stack = stackOf(own);
  const frame =
    rule.frame === undefined ? null : (guilty(rule, rule.frame, groups.at, own, stack.functions) ?? NO_FRAME);
  const words = rule.title.replace(/\{(\w+)\}/g, (_, name) =>
    name === 'frame' ? (frame ?? '') : (groups[name] ?? ''),
  );
  const title = tidy(words);
  const corrupted = frame === NO_FRAME || stack.mixed || (!rule.stackless && stack.traced === 0);
  return { title, kind: kindOf(title), frame, corrupted: corrupted || (cut && stack.traced === 0) };
}

function kindOf(title: string): string {
  return KINDS.find(([pattern]) => pattern.test(title))?.[1] ?? 'UNKNOWN';
}

/** Where the stacks of others begin: who allocated or freed the memory, what a lock was taken for before. */
const OTHER_STACK =
  /^(?:Allocated by|Freed by|Allocated:|Freed:|allocated by|freed by|kfence-#\d+|Last potentially related|The buggy address|Memory state around|Uninit was (?:stored|created)|Local variable|page last free|Showing all locks held)/;
const PROGRAM_COUNTER =
  /^(?:RIP: 0010:|RIP: [0-9a-f]{4}:|RIP {2}|E?IP: |E?IP: [0-9a-f]{4}:|pc : |PC is at |epc\s*: |NIP |--- interrupt: \w+ at |Krnl PSW : \S+ \S+ \()\s*(?:\[<[0-9a-f]+>\]\s*|\[[0-9a-f]{8,16}\]\s*|[0-9a-f]{8,16}\s+){0,2}([A-Za-z_][\w.$]*)\+0x/;

interface Stack {
  /** Names as the source has them, innermost first. */
  readonly functions: readonly string[];
  /** How many of them a stack trace gave, not a register. */
  readonly traced: number;
  /** True when another report's stack stands among the lines. */
  readonly mixed: boolean;
}

/** The functions of a report's program counters and stack traces. */
function stackOf(own: readonly string[]): Stack {
  const functions: string[] = [];
  let traced = 0;
  let mixed = false;
  for (const [index, text] of own.entries()) {
    if (OTHER_STACK.test(text)) break;
    if (text.includes('printk messages dropped')) mixed = true;
    const counter = PROGRAM_COUNTER.exec(text)?.[1];
    if (counter !== undefined) {
      functions.push(sourceName(counter));
      continue;
    }
    // That line says who went into atomic context, not what went wrong there.
    if ((own[index - 1] ?? '').startsWith('Preemption disabled at')) continue;
    for (const frame of framesOf(text)) {
      if (!frame.reliable) continue;
      // A fault injected into another task prints its stack between this one's lines.
      if (frame.symbol.startsWith('should_fail')) return { functions, traced, mixed: true };
      functions.push(sourceName(frame.symbol));
      traced++;
    }
  }
  return { functions, traced, mixed };
}

function guilty(
  rule: TitleRule,
  source: FrameSource,
  at: string | undefined,
  own: readonly string[],
  functions: readonly string[],
): string | null {
  const named = at === undefined ? null : commonName(sourceName(at.replace(/\+0x.*/, '')));
  switch (source) {
    case 'entry':
      return entryOf(functions);
    case 'lock takers':
      return firstGuilty(takersOf(own), () => false) ?? named;
    case 'waiter':
      return firstGuilty(functions, onlyWaits);
    case 'allocation':
      return firstGuilty(functions, allocates);
    case 'at or trace':
      return named ?? firstGuilty(functions, () => false);
    case 'trace or at':
    case 'trace': {
      const found = firstGuilty(functions, (name) => rule.skip?.test(name) ?? false);
      return found ?? (source === 'trace' ? null : named);
    }
  }
}

function firstGuilty(functions: readonly string[], alsoCarries: (name: string) => boolean): string | null {
  const name = functions.find((one) => !onlyCarries(one) && !alsoCarries(one));
  return name === undefined ? null : commonName(name);
}

function entryOf(functions: readonly string[]): string | null {
  for (const [index, name] of functions.entries()) {
    if (name.startsWith('smp_call_function') || isEntry(name, functions[index + 1])) return commonName(name);
  }
  return null;
}

const TAKER = / at: (?:\[<[0-9a-f]+>\])?\s{0,8}([\w.]+)\+0x/;

function takersOf(own: readonly string[]): string[] {
  return own.flatMap((text) => TAKER.exec(text)?.[1] ?? []).map(sourceName);
}

/** The title of a crash that no rule knows: its own words, if the kernel said them. */
function otherTitle(first: string, message: Message): Title | null {
  const words = OTHER_CRASH.exec(first)?.groups?.what;
  if (words === undefined || !message.stamped) return null;
  const title = tidy(words.replace(/ \]$/, ''));
  // A rule knows its first message: then the rest of the report is missing.
  return { title, kind: kindOf(title), frame: null, corrupted: BEGINNINGS.test(first) };
}

/** Without what differs from one crash to the next. */
function tidy(title: string): string {
  return title
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '')
    .replace(/\b(?:0x[0-9a-f]+|[0-9a-f]{12,16}|(?=[0-9a-f]*\d)[0-9a-f]{8})\b/g, 'ADDR')
    .replace(/\d{7,}|\b\d+\b/g, 'NUM')
    .trim();
}
