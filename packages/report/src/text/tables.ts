import { TAINTS, timersText, whyUnknown, workText } from '../phrases.ts';
import type { Report } from '../report.ts';
import { memoryWord } from '../summary.ts';
import { bytesText } from '../units.ts';
import { COLUMNS, type Page } from './page.ts';

/** Prints memory, modules, settings and what was pending. */
export function printTables(page: Page, report: Report): void {
  printMemory(page, report);
  printModules(page, report);
  printPending(page, report);
  printMachine(page, report);
}

function printMemory(page: Page, report: Report): void {
  page.heading('Memory');
  const { memory } = report;
  if (memory === null) {
    page.paragraph('    ', whyUnknown(report, 'memory'), 'dim');
    return;
  }
  // Without a problem, null is what this kernel does not count.
  const isFailed = report.problems.some(({ section }) => section === 'memory');
  const cells = Object.entries(memory.totals)
    .filter(([name, bytes]) => (bytes === null ? isFailed : bytes !== 0 || name === 'free'))
    .map(([name, bytes]) => {
      const amount = bytes === null ? 'unknown' : bytesText(bytes);
      return `${memoryWord(name).padEnd(20)}${amount.padStart(10)}`;
    });
  columns(page, cells, 32);
  for (const { node, name, managed, free, min, low } of memory.zones) {
    const amount = free === null ? 'unknown' : bytesText(free);
    page.paragraph(
      '    ',
      `zone ${name} of node ${node}: ${bytesText(managed)}, free ${amount}, min ${bytesText(min)}, low ${bytesText(low)}`,
    );
  }
  for (const { pageBytes, total, free } of memory.hugePages.filter((pool) => pool.total > 0)) {
    page.paragraph('    ', `huge pages of ${bytesText(pageBytes)}: ${total}, free ${free}`);
  }
}

function printModules(page: Page, report: Report): void {
  const { modules, taint } = report;
  page.heading(`Modules: ${modules.length}`);
  if (modules.length === 0 && report.problems.some(({ section }) => section === 'modules')) {
    page.paragraph('    ', whyUnknown(report, 'modules'), 'dim');
  }
  for (const letter of taint?.letters ?? '') {
    page.paragraph(
      '    ',
      `Tainted ${letter}: ${TAINTS[letter] ?? 'of a meaning that is not known here'}`,
      'bad',
    );
  }
  const names = modules.map(({ name, taints, state }) => {
    const marks = `${taints}${state === 'Live' ? '' : ` ${state.toLowerCase()}`}`.trim();
    return marks === '' ? name : `${name}(${marks})`;
  });
  if (names.length > 0) page.paragraph('    ', names.join(' '));
}

function printPending(page: Page, report: Report): void {
  page.heading('Work and timers');
  page.paragraph('    ', timersText(report));
  for (const item of report.work) page.paragraph('    ', workText(item));
}

function printMachine(page: Page, report: Report): void {
  const { machine, sysctls } = report;
  page.heading('Machine');
  page.paragraph('    build         ', machine.version ?? whyUnknown(report, 'machine'));
  if (machine.buildId !== null) page.paragraph('    build-id      ', machine.buildId);
  page.paragraph('    command line  ', machine.commandLine ?? whyUnknown(report, 'machine'));
  page.heading('Settings');
  const cells = Object.entries(sysctls).map(([name, value]) => `${name} = ${value}`);
  if (cells.length === 0) page.paragraph('    ', whyUnknown(report, 'sysctls'), 'dim');
  columns(page, cells, 48);
}

/** Prints cells in columns of a width, downwards. */
function columns(page: Page, cells: readonly string[], width: number): void {
  const across = Math.floor((COLUMNS - 4) / width);
  const down = Math.ceil(cells.length / across);
  for (let row = 0; row < down; row++) {
    const line = Array.from({ length: across }, (_, column) => cells[column * down + row] ?? '');
    page.line('    ', line.map((cell) => cell.padEnd(width)).join(''));
  }
}
