import { holderText, lockText, whyUnknown } from '../phrases.ts';
import type { Report, ReportCpu } from '../report.ts';
import { cpuText } from '../summary.ts';
import type { Page } from './page.ts';
import { printStack } from './stack.ts';

/** Prints the CPUs with their stacks; that of the crash stands above, and idle CPUs stand together. */
export function printCpus(page: Page, report: Report): void {
  page.heading('CPUs');
  if (report.cpus.length === 0) page.paragraph('    ', whyUnknown(report, 'cpus'), 'dim');
  for (const cpu of report.cpus) {
    if (cpu.idle && !cpu.crashed) continue;
    page.line('  ', ['name', `CPU ${cpu.cpu}`], `: ${cpuText(cpu)}${cpu.crashed ? ' (stack above)' : ''}`);
    if (cpu.crashed) continue;
    if (cpu.spinning !== null) {
      page.paragraph('    ', `spins for ${lockText(cpu.spinning)}, ${holderText(cpu.spinning)}`, 'bad');
    }
    printStack(page, cpu.stack, cpu.stackEnd);
  }
  for (const cpus of idleGroups(report.cpus)) printIdle(page, cpus);
}

function printIdle(page: Page, cpus: readonly ReportCpu[]): void {
  const numbers = cpus.map(({ cpu }) => cpu).join(', ');
  page.paragraph('  ', `${cpus.length === 1 ? 'CPU' : 'CPUs'} ${numbers}: idle`, 'name');
  const [first] = cpus;
  if (first !== undefined) printStack(page, first.stack, first.stackEnd);
}

/** Idle CPUs, those with the same stack together. */
function idleGroups(cpus: readonly ReportCpu[]): ReportCpu[][] {
  const groups = new Map<string, ReportCpu[]>();
  for (const cpu of cpus) {
    if (!cpu.idle || cpu.crashed) continue;
    const key = cpu.stack.map(({ address }) => address).join();
    groups.set(key, [...(groups.get(key) ?? []), cpu]);
  }
  return [...groups.values()];
}
