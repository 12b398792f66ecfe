import { guiltyFunction, stackOf } from './guilty.ts';
import { type Message, messagesOf } from './log_line.ts';
import { commonName, sourceName } from './title_frames.ts';
import { FOREIGN_REPORT, KINDS, LEAD, OTHER_CRASH, TITLE_RULES, type TitleRule } from './title_rules.ts';
import { unexpectedReboot } from './unexpected_reboot.ts';

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
const LINE_LIMIT = 2000;
/** A report's messages, and the lines among which they are looked for. */
const REPORT_LIMIT = 1500;
const REPORT_LINES = 5000;
/** Among so many lines a stack is looked for below a warning that no rule knows. */
const STACK_LINES = 30;
/** So many reports and so many such warnings are read before the search gives up on them: junk is not to cost much. */
const REPORTS_LIMIT = 50;
const WARNINGS_LIMIT = 100;

/** Each crash begins with a line that holds one of these: a quick test before the rules. */
const WORDS = [
  'BUG',
  'WARNING: ',
  'INFO: ',
  'UBSAN: ',
  '[#',
  'ernel panic',
  'nable to handle',
  'general protection fault',
  'PANIC: double fault',
  'Internal error: ',
  'Unhandled fault: ',
  'Alignment trap: ',
  'Insufficient stack',
  'ernel bug',
  'rust_kernel: panicked',
  'Busy inodes',
  'unregister_netdevice: ',
  'ASSERT FAILED',
  'SYZFA',
];
/** Letters that each rule's `line` begins with: comparing them costs less than compiling an expression that is used once. */
const STARTS = new Map(TITLE_RULES.map((rule) => [rule, plainStart(rule.line)]));
/** Messages so plain that they begin a crash wherever in a line they stand. */
const ANYWHERE =
  /(?:BUG: KASAN: |BUG: unable to handle |general protection fault(?:,.{0,100})?: [0-9a-f]{4} \[#|Kernel panic - not syncing: |kernel BUG at )/;
/** Words of other programs, and of the kernel about other programs. */
const QUOTED = /["=]|\w\[\d+\]:|Command line/;
/** A message that began on the line above and was cut off: the kernel prints it again. */
const REPLAYED = '** replaying previous printk message **';

/** The title of the first crash in a log (a console's capture, a dmesg), or null when it tells of none. */
export function titleOf(log: string): Title | null {
  return titleOfLines(log.split('\n'));
}

/** As `titleOf`, on lines. Time is linear in their length. */
export function titleOfLines(lines: readonly string[]): Title | null {
  let reports = 0;
  let warnings = 0;
  for (let i = 0; i < lines.length && reports < REPORTS_LIMIT; i++) {
    const line = lines[i] ?? '';
    if (!mayBegin(line) || lines[i + 1]?.startsWith(REPLAYED)) continue;
    const messages = messagesOf(line.slice(0, LINE_LIMIT));
    for (const [index, message] of messages.entries()) {
      const first = beginning(message.text);
      if (first === null) continue;
      const known = beginsRule(first);
      if (known) reports++;
      else if (!message.stamped || ++warnings > WARNINGS_LIMIT) continue;
      const end = Math.min(lines.length, i + 1 + (known ? REPORT_LINES : STACK_LINES));
      const report = reportOf(lines, i + 1, end, messages.slice(index + 1), message.caller);
      const title = byRules(first, report) ?? byOwnWords(first, message, report);
      if (title !== null) return title;
    }
  }
  return unexpectedReboot(lines);
}

function mayBegin(line: string): boolean {
  return WORDS.some((word) => line.includes(word));
}

/** The first words of a crash that begins with this message, without its lead; null if none does. */
function beginning(message: string): string | null {
  const text = message.replace(LEAD, '');
  if (text.endsWith(' [inline]')) return null;
  if (OTHER_CRASH.test(text) || beginsRule(text)) return text;
  const at = ANYWHERE.exec(text);
  return at === null || QUOTED.test(text.slice(0, at.index)) ? null : text.slice(at.index);
}

/** Whether any rule's `line` matches. */
function beginsRule(text: string): boolean {
  return TITLE_RULES.some((rule) => matchLine(rule, text) !== null);
}

function matchLine(rule: TitleRule, text: string): RegExpExecArray | null {
  return text.startsWith(STARTS.get(rule) ?? '') ? rule.line.exec(text) : null;
}

/** What all that an expression matches begins with, as far as it is plain to see. */
function plainStart({ source }: RegExp): string {
  const [, start = '', next = ''] = /^\^([\w :-]*)(.?)/.exec(source) ?? [];
  // What begins otherwise too has no such letters; what may come no or many times is not one of them.
  if (source.includes('|^')) return '';
  return /[?*{]/.test(next) ? start.slice(0, -1) : start;
}

/** The messages after a crash's first that its context printed. */
function reportOf(
  lines: readonly string[],
  from: number,
  to: number,
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
  for (let i = from; i < to && report.length < REPORT_LIMIT; i++) {
    for (const message of messagesOf((lines[i] ?? '').slice(0, LINE_LIMIT))) take(message);
  }
  return report;
}

function byRules(first: string, report: readonly string[]): Title | null {
  for (const rule of TITLE_RULES) {
    const match = matchLine(rule, first);
    if (match === null) continue;
    const own = rule.longReport ? report : ownPart(first, report);
    const detail = rule.with === undefined ? null : firstMatch(own, rule.with);
    if (rule.with !== undefined && detail === null) continue;
    return fill(rule, { ...match.groups, ...detail?.groups }, own);
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
/** What die() and BUG() print below the words of their callers, and those callers. */
const DIE_HEADER = /^(?:.{0,100}\[#\d+\]|Internal error: )/;
const DIES =
  /^(?:BUG: (?!K[A-Z]+SAN|KFENCE)|[uU]nable to handle|[kK]ernel BUG|Unhandled fault|PANIC: double fault|rust_kernel: )/;
const BUG_HEADER = /^[kK]ernel BUG at /;

/** The report up to where another one begins. */
function ownPart(first: string, report: readonly string[]): readonly string[] {
  const dies = DIES.test(first);
  const panicsInRust = first.startsWith('rust_kernel: ');
  for (const [index, text] of report.entries()) {
    if (FOREIGN_REPORT.test(text)) return report.slice(0, index);
    if (!mayBegin(text)) continue;
    const other = beginning(text);
    if (other === null || GOES_ON.test(other) || (dies && DIE_HEADER.test(other))) continue;
    if (!(panicsInRust && BUG_HEADER.test(other))) return report.slice(0, index);
  }
  return report;
}

function fill(
  rule: TitleRule,
  groups: Readonly<Record<string, string | undefined>>,
  own: readonly string[],
): Title {
  const stack = stackOf(own);
  const frame =
    rule.frame === undefined ? null : (guiltyFunction(rule, groups.at, own, stack.functions) ?? NO_FRAME);
  const title = tidy(rule.title.replace(/\{(\w+)\}/g, (_, name: string) => word(name, frame, groups)));
  const cutShort = stack.traced === 0 && !rule.stackless;
  return { title, kind: kindOf(title), frame, corrupted: frame === NO_FRAME || stack.mixed || cutShort };
}

/** What stands in a title for `{name}`. */
function word(
  name: string,
  frame: string | null,
  groups: Readonly<Record<string, string | undefined>>,
): string {
  if (name === 'frame') return frame ?? '';
  const said = groups[name] ?? '';
  return name.startsWith('function') ? commonName(sourceName(said)) : said;
}

/** The title of a crash that no rule knows: its own words, if the kernel said them. */
function byOwnWords(first: string, message: Message, report: readonly string[]): Title | null {
  const words = OTHER_CRASH.exec(first)?.groups?.what;
  if (words === undefined || !message.stamped) return null;
  // Where a rule knows the first message, the rest of the report is missing.
  const corrupted = beginsRule(first);
  // A warning without a stack is about something else than a crash.
  if (!corrupted && first.startsWith('WARNING: ') && !showsStack(ownPart(first, report))) return null;
  const title = tidy(words.replace(/ \]$/, ''));
  return { title, kind: kindOf(title), frame: null, corrupted };
}

function showsStack(report: readonly string[]): boolean {
  const panic = report.findIndex((text) => GOES_ON.test(text));
  return stackOf(panic < 0 ? report : report.slice(0, panic)).traced > 0;
}

function kindOf(title: string): string {
  return KINDS.find(([pattern]) => pattern.test(title))?.[1] ?? 'UNKNOWN';
}

/** Without what differs from one crash to the next. */
function tidy(title: string): string {
  return title
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '')
    .replace(/\b(?:0x[0-9a-f]+|[0-9a-f]{12,16}|(?=[0-9a-f]*\d)[0-9a-f]{8})\b/g, 'ADDR')
    .replace(/\d{7,}|\b\d+\b/g, 'NUM')
    .trim();
}
