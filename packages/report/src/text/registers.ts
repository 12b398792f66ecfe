import type { ReportCode, ReportRegisters } from '../report.ts';
import type { Page } from './page.ts';

const IN_A_LINE = 4;

/** Prints registers, four in a line. */
export function printRegisters(page: Page, registers: ReportRegisters): void {
  const cells = Object.entries(registers).map(([name, value]) => {
    // Segments and flags have few digits of meaning.
    return `${name.replace('orig_ax', 'oax').padStart(5)} ${value.slice(2)}`;
  });
  for (let at = 0; at < cells.length; at += IN_A_LINE) {
    page.line('  ', cells.slice(at, at + IN_A_LINE).join(' '));
  }
}

/** Bytes in a line. */
const BYTES = 24;

/** Prints code as the kernel does: bytes, the one that `ip` points at in angle brackets. */
export function printCode(page: Page, code: ReportCode | null): void {
  if (code === null) return;
  const bytes = code.bytes.match(/../g) ?? [];
  const cells = bytes.map((byte, n) => (n === code.ip ? `<${byte}>` : byte));
  for (let at = 0; at < cells.length; at += BYTES) {
    page.line(at === 0 ? '   Code ' : '        ', cells.slice(at, at + BYTES).join(' '));
  }
}
