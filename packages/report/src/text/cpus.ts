import { holderText, lockText, taskText, whyUnknown } from '../phrases.ts';
import type { Report, ReportCpu } from '../report.ts';
import type { Page } from './page.ts';
import { printStack } from './stack.ts';

/** Prints the CPUs other than the crashed one, with their stacks. */
export function printCpus(page: Page, report: Report): void {
  page.heading('CPUs');
  if (report.cpus.length === 0) page.paragraph('    ', whyUnknown(report, 'cpus'), 'dim');
  for (const cpu of report.cpus) {
    page.line('  ', ['name', `CPU ${cpu.cpu}`], `: ${cpuText(cpu)}`);
    if (cpu.crashed) continue;
    if (cpu.spinning !== null) {
      page.paragraph('    ', `spins for ${lockText(cpu.spinning)}, ${holderText(cpu.spinning)}`, 'bad');
    }
    printStack(page, cpu.stack, cpu.stackEnd);
  }
}

function cpuText({ task, crashed, idle, online, userMode }: ReportCpu): string {
  const who = task === null ? 'task unknown' : taskText(task);
  if (crashed) return `${who}, crashed (stack above)`;
  if (online === false) return `${who}, offline`;
  return userMode ? `${who}, in user space` : idle ? `${who}, idle` : who;
}
