import type { ReportCode, ReportRegisters } from '../report.ts';
import { codeLines } from '../summary.ts';
import type { Page } from './page.ts';

const IN_A_LINE = 4;

/** Prints registers, four in a line. */
export function printRegisters(page: Page, registers: ReportRegisters): void {
  const cells = Object.entries(registers).map(
    ([name, value]) => `${name.replace('orig_ax', 'oax').padStart(5)} ${value.slice(2)}`,
  );
  for (let at = 0; at < cells.length; at += IN_A_LINE) {
    page.line('  ', cells.slice(at, at + IN_A_LINE).join(' '));
  }
}

/** Bytes in a line. */
const BYTES = 24;

/** Prints the code around an instruction. */
export function printCode(page: Page, code: ReportCode | null): void {
  if (code === null) return;
  for (const [n, line] of codeLines(code, BYTES).entries())
    page.line(n === 0 ? '   Code ' : '        ', line);
}
