import { findings } from '../findings.ts';
import { groupProblems } from '../groups.ts';
import { whyUnknown } from '../phrases.ts';
import type { Report } from '../report.ts';
import { crashTitle, machineText, whenText, whereText } from '../summary.ts';
import { count } from '../units.ts';
import { printCpus } from './cpus.ts';
import { printDevices } from './devices.ts';
import { printLog } from './log.ts';
import { Page, type Paint } from './page.ts';
import { printCode, printRegisters } from './registers.ts';
import { printStack } from './stack.ts';
import { printTables } from './tables.ts';
import { printBlocked, printTasks } from './tasks.ts';

/** How a report becomes text. */
export interface TextOptions {
  readonly paint?: Paint;
  /** Lines of the log's end. */
  readonly logLines?: number;
}

const LOG_LINES = 40;
const AS_IT_IS: Paint = (_role, text) => text;
/** More would push the stack off the first screen. */
const MOST_FINDINGS = 6;

/** A report for people: what happened, where and why on the first screen, then everything else. */
export function textReport(
  report: Report,
  { paint = AS_IT_IS, logLines = LOG_LINES }: TextOptions = {},
): string {
  const page = new Page(paint);
  printHead(page, report);
  printCrash(page, report);
  printCpus(page, report);
  printBlocked(page, report);
  printTasks(page, report);
  printTables(page, report);
  printDevices(page, report);
  printLog(page, report, logLines);
  printProblems(page, report);
  return page.text();
}

function printHead(page: Page, report: Report): void {
  const { kind, hash, panic, machine, release, taint } = report;
  page.paragraph('', crashTitle(report), 'title');
  page.line();
  const field = (label: string, text: string) => page.paragraph(label.padEnd(9), text);
  for (const [n, line] of panic.reason.entries()) field(n === 0 ? 'Why' : '', line);
  field('Where', whereText(report));
  field('When', whenText(report));
  const architecture = machine.architecture === null ? '' : ` ${machine.architecture}`;
  field('Kernel', `${release ?? 'unknown'}${architecture}, ${taint?.text.trim() ?? 'taint unknown'}`);
  field('Machine', machineText(report));
  if (kind !== null) field('Kind', `${kind}, hash ${hash ?? 'unknown'}`);
  printFindings(page, report);
}

function printFindings(page: Page, report: Report): void {
  const found = findings(report);
  for (const [n, finding] of found.slice(0, MOST_FINDINGS).entries()) {
    page.paragraph((n === 0 ? 'Also' : '').padEnd(9), finding, 'bad');
  }
  if (found.length > MOST_FINDINGS) {
    page.paragraph(' '.repeat(9), `and ${found.length - MOST_FINDINGS} more, see below`, 'bad');
  }
  if (report.problems.length > 0) {
    page.paragraph('Missing  ', `${count(report.problems.length, 'thing')} could not be read, see the end`);
  }
}

function printCrash(page: Page, report: Report): void {
  const { panic } = report;
  page.heading('Stack of the crash');
  if (panic.stackEnd === null) page.paragraph('    ', whyUnknown(report, 'panic'), 'dim');
  printStack(page, panic.stack, panic.stackEnd);
  const logged = panic.logged?.stack ?? [];
  if (panic.at === null && logged.length > 0) {
    page.line('    by the log:');
    for (const name of logged) page.line('    ', ['name', name]);
  }
  page.heading(
    panic.registersFrom === 'exception' ? 'Registers where it failed' : 'Registers when the CPU was stopped',
  );
  if (panic.registers === null) page.paragraph('    ', whyUnknown(report, 'panic'), 'dim');
  else printRegisters(page, panic.registers);
  printCode(page, panic.code);
}

/** Each reason once, with all that is missing for it. */
function printProblems(page: Page, report: Report): void {
  if (report.problems.length === 0) return;
  page.heading('What could not be read');
  for (const { reason, missing } of groupProblems(report.problems)) {
    page.paragraph('    ', reason);
    page.paragraph('        ', missing.join(', '), 'dim');
  }
}
