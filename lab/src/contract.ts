import type { Checks } from './checks.ts';
import { withoutTime } from './console.ts';
import { linesOf, secondsOf } from './guest_words.ts';
import { type DumpFacts, vmcoreinfoValue } from './kdump.ts';
import type { CycleRun, ScenarioRun } from './scenario.ts';

const KERNEL_LINE = /^\[ *\d+\.\d{6}\] /;
const STACK_LIMIT_BYTES = 524_288;
const SUMMARY_CHARACTERS = 1600;
const BEGIN = '>>>>>>>>>> Crashed kernel dmesg BEGIN <<<<<<<<<<';
const END = '>>>>>>>>>> Crashed kernel dmesg END <<<<<<<<<<';
/** The guest's clock starts from the host's, cut to whole seconds, and emulation lets it drift. */
const CLOCK_SECONDS = 6;

/**
 * What the serial console showed of the crashed kernel's log: all of it; its beginning, up to a CPU that got
 * stuck while it held the console; some of its lines, others being below the console's level; or nothing that
 * could be compared, since bytes that are no text are shown as they are and kept escaped. `wrapped`: the log has
 * lost its beginning.
 */
export type Shown = 'all' | 'beginning' | 'some' | 'incomparable' | 'wrapped';

/** The log is whole when it holds, line by line, what the crashed kernel showed on its serial console. */
export function checkDmesg(
  cycle: CycleRun,
  text: string,
  panic: RegExp,
  console: Shown,
  checks: Checks,
): void {
  if (console !== 'wrapped')
    checks
      .at('first line')
      .matches(text.split('\n', 1)[0] ?? '', /^\[ +0\.000000\] (?:\[ +T0\] )?Linux version /);
  checks
    .at("the guest's last word before its crash")
    .matches(text, new RegExp(`lab: crash ${cycle.token}\n`));
  checks.at('what came after that word').matches(text.split(`lab: crash ${cycle.token}\n`)[1] ?? '', panic);
  checks.at('end').that(text.endsWith('\n'), 'a line end', text.slice(-80));
  const shown = linesOf(cycle, 'system').filter((line) => KERNEL_LINE.test(line));
  const kept = withPrefixes(text.trimEnd().split('\n'));
  if (console === 'incomparable' || console === 'wrapped') return;
  if (console === 'some') {
    checks.at('what the console showed').equal(firstMissing(shown, kept), undefined);
    return;
  }
  const differs = shown.findIndex((line, i) => line.trimEnd() !== kept[i]?.trimEnd());
  checks
    .at(`line ${differs + 1}`)
    .that(differs < 0, `what the console showed, ${JSON.stringify(shown[differs])}`, kept[differs]);
  if (console === 'all') checks.at('number of lines').equal(kept.length, shown.length);
}

/** The first of `lines` that `of` does not have in the same order. */
function firstMissing(lines: readonly string[], of: readonly string[]): string | undefined {
  let at = 0;
  for (const line of lines) {
    const found = of.findIndex((each, i) => i >= at && each.trimEnd() === line.trimEnd());
    if (found < 0) return line;
    at = found + 1;
  }
  return undefined;
}

/** makedumpfile 1.7.6 shows who logged a line, also where the kernel's own console does not. */
const CALLER_LINE = /^(\[ *\d+\.\d+\] )\[ *[TC]\d+\] /;

/** The console puts its prefix before every line of a record, a log file before the first alone. */
function withPrefixes(lines: readonly string[]): string[] {
  let prefix = '';
  let indent = 0;
  return lines.map((line) => {
    const withCaller = CALLER_LINE.exec(line);
    const own = (withCaller ?? KERNEL_LINE.exec(line))?.[0];
    if (own === undefined) return prefix + line.replace(new RegExp(`^ {${indent}}`), '');
    prefix = withCaller?.[1] ?? own;
    indent = own.length;
    return prefix + line.slice(indent);
  });
}

/** The log, or its tail over the limit, and then a summary that the controller is shown. */
export function checkRebootStack(
  cycle: CycleRun,
  dmesg: string | undefined,
  summary: RegExp,
  checks: Checks,
): void {
  if (!checks.that(cycle.persist.find('/reboot-stack') !== undefined, 'a file', 'none')) return;
  const stack = cycle.persist.text('/reboot-stack');
  checks.at('size in bytes').between(stack.length, 1, STACK_LIMIT_BYTES);
  checks.at('end').that(stack.endsWith('\n'), 'a line end', stack.slice(-80));
  const shown = stack.slice(-SUMMARY_CHARACTERS);
  checks.at('last 1,600 characters').matches(shown, summary);
  // The kernel puts that between a task's name and its taint.
  checks.at('last 1,600 characters').lacks(shown, /Kdump: loaded \(/);
  if (dmesg === undefined) {
    checks.at('size in bytes').between(stack.length, 1, SUMMARY_CHARACTERS);
    return;
  }
  if (dmesg.length + SUMMARY_CHARACTERS <= STACK_LIMIT_BYTES) {
    checks.at('log').that(stack.startsWith(dmesg), `the ${dmesg.length} bytes of dmesg`, stack.slice(0, 200));
    checks.at('summary, in characters').between(stack.length - dmesg.length, 1, SUMMARY_CHARACTERS);
    return;
  }
  const end = logEnd(stack, dmesg);
  if (!checks.at('log').that(end !== undefined, 'the tail of dmesg', stack.slice(0, 200))) return;
  checks.at('summary, in characters').between(stack.length - (end ?? 0), 1, SUMMARY_CHARACTERS);
  // All of the room is used but for a line that would be cut.
  checks.at('size in bytes').between(stack.length, STACK_LIMIT_BYTES - 4096, STACK_LIMIT_BYTES);
}

/** Where in reboot-stack the tail of the log ends, or undefined where it does not begin with one. */
function logEnd(stack: string, dmesg: string): number | undefined {
  const last = dmesg.slice(-400);
  for (let at = stack.indexOf(last); at >= 0; at = stack.indexOf(last, at + 1)) {
    if (dmesg.endsWith(stack.slice(0, at + last.length))) return at + last.length;
  }
  return undefined;
}

/** Exact text, and as its time that of the crash. */
export function checkBootReason(cycle: CycleRun, dump: DumpFacts | undefined, checks: Checks): void {
  const entry = cycle.persist.find('/boot-reason');
  if (!checks.that(entry !== undefined, 'a file', 'none') || entry === undefined) return;
  checks.equal(cycle.persist.text('/boot-reason'), 'BootReasonKernel\n');
  const crash = Number(dump === undefined ? undefined : vmcoreinfoValue(dump.vmcoreinfo, 'CRASHTIME'));
  if (!Number.isNaN(crash)) checks.at('modification time').equal(entry.modified, crash);
  const seen = secondsOf(cycle, 'system', new RegExp(`lab: crash ${cycle.token}`));
  const byHost = cycle.startedUnixSeconds + (seen ?? Number.NaN);
  // The trigger itself may take a while: until the capture kernel's first line.
  const captured = cycle.boots.find(({ kind }) => kind === 'capture')?.lines[0]?.at ?? Number.NaN;
  const until = cycle.startedUnixSeconds + captured;
  checks.at('modification time').between(entry.modified, byHost - CLOCK_SECONDS, until + CLOCK_SECONDS);
}

/** Only the crash, all of it, between the marks; the capture kernel's own lines may come between. */
export function checkConsole(cycle: CycleRun, dmesg: string, starts: RegExp, checks: Checks): void {
  const shown = linesOf(cycle, 'capture').map(withoutTime);
  const begin = shown.indexOf(BEGIN);
  const end = shown.indexOf(END);
  if (
    !checks
      .at('marks')
      .that(begin >= 0 && end > begin, `"${BEGIN}", then "… END …"`, `lines ${begin}, ${end}`)
  ) {
    return;
  }
  const block = shown.slice(begin + 1, end).map((line) => line.trimEnd());
  const kept = dmesg.trimEnd().split('\n').map(clean);
  checks.at('first line').matches(block[0] ?? '', starts);
  const first = kept.lastIndexOf(block[0] ?? '');
  if (!checks.at('first line').that(first >= 0, 'a line of the log', block[0])) return;
  let at = 0;
  for (const line of kept.slice(first, first + 150)) {
    const next = block.indexOf(line.slice(0, 900), at);
    const partly =
      next >= 0 ? next : block.findIndex((each, i) => i >= at && line.startsWith(each) && each !== '');
    if (!checks.at('block').that(partly >= 0, JSON.stringify(line), 'it is missing, or out of order')) return;
    at = partly + 1;
  }
  checks.at('block').lacks(block.join('\n'), new RegExp(`lab: crash ${cycle.token}|Linux version`));
}

/** What `/dev/kmsg` carries of a line. */
function clean(line: string): string {
  return line
    .replace(/\t/g, '        ')
    .replace(/[^\x20-\x7e]/g, '?')
    .trimEnd();
}

/** Format, completeness, compression and whose it is. */
export function checkDump(
  run: ScenarioRun,
  cycle: CycleRun,
  dump: DumpFacts,
  whole: boolean,
  checks: Checks,
): void {
  checks.at('release in the header').equal(dump.release, run.kernel.release);
  checks.at('OSRELEASE').equal(vmcoreinfoValue(dump.vmcoreinfo, 'OSRELEASE'), run.kernel.release);
  checks.at('codec').equal(dump.codec, run.codec);
  checks.at('dump level').equal(dump.dumpLevel, 31);
  checks.at('marked incomplete').equal(dump.incomplete, !whole);
  checks.at('pages').between(dump.pages, whole ? 5_000 : 100, run.guest.memoryMib * 256);
  const crash = Number(vmcoreinfoValue(dump.vmcoreinfo, 'CRASHTIME'));
  checks
    .at('CRASHTIME')
    .between(
      crash,
      cycle.startedUnixSeconds - CLOCK_SECONDS,
      cycle.startedUnixSeconds + cycle.seconds + CLOCK_SECONDS,
    );
}
