import type { PagePicture } from '@kcrash/vmcore/pages/page_picture';
import { findings } from '../findings.ts';
import { blockedTasks, groupByStack, groupProblems, stateCounts } from '../groups.ts';
import { TAINTS, whyUnknown } from '../phrases.ts';
import type { Report, ReportRegisters } from '../report.ts';
import { codeLines, cpuText, crashTitle, machineText, whenText, whereText } from '../summary.ts';
import { each, type Markup, markup, NOTHING } from './markup.ts';
import { pageMapMarkup } from './page_map.ts';
import { groupMarkup, stackMarkup, waitMarkup } from './stack.ts';
import { STYLE } from './style.ts';
import {
  devicesMarkup,
  logMarkup,
  memoryMarkup,
  modulesMarkup,
  settingsMarkup,
  workMarkup,
} from './tables.ts';

/**
 * A report as one HTML file that needs nothing else: no script, no font, no network. What a dump holds is escaped;
 * the page's own policy forbids everything but its style. With `pages` it has a map of memory.
 */
export function htmlReport(report: Report, pages?: PagePicture): string {
  const title = crashTitle(report);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<h1>${title}</h1>
${headMarkup(report)}
${crashMarkup(report)}
${cpusMarkup(report)}
${tasksMarkup(report)}
${memoryMarkup(report)}
${pages === undefined ? NOTHING : pageMapMarkup(pages)}
${modulesMarkup(report)}
${workMarkup(report)}
${devicesMarkup(report)}
${settingsMarkup(report)}
${logMarkup(report)}
${problemsMarkup(report)}
<footer>${report.schema}</footer>
</body>
</html>
`.html;
}

function headMarkup(report: Report): Markup {
  const { panic, taint, kind, hash } = report;
  const row = (name: string, value: Markup) => markup`<tr><th>${name}</th><td>${value}</td></tr>\n`;
  const found = findings(report);
  return markup`<table>
${panic.reason.length === 0 ? NOTHING : row('Why', markup`<pre>${panic.reason.join('\n')}</pre>`)}
${row('Where', markup`${whereText(report)}`)}
${row('When', markup`${whenText(report)}`)}
${row('Kernel', markup`${report.release ?? 'unknown'} ${report.machine.architecture ?? ''}, ${taint?.text.trim() ?? whyUnknown(report, 'taint')}`)}
${row('Machine', markup`${machineText(report)}`)}
${kind === null ? NOTHING : row('Kind', markup`${kind}`)}
${row('Hash', markup`<code>${hash ?? whyUnknown(report, 'title')}</code>`)}
${found.length === 0 ? NOTHING : row('Also', markup`<ul class="bad">${each(found, (text) => markup`<li>${text}</li>`)}</ul>`)}
</table>
${each([...(taint?.letters ?? '')], (letter) => markup`<div class="soft">Tainted ${letter}: ${TAINTS[letter] ?? 'unknown'}</div>`)}`;
}

function crashMarkup(report: Report): Markup {
  const { panic } = report;
  const from = panic.registersFrom === 'exception' ? 'where it failed' : 'when the CPU was stopped';
  return markup`<h2>Stack of the crash</h2>
${panic.stackEnd === null ? markup`<p class="soft">${whyUnknown(report, 'panic')}</p>` : stackMarkup(panic.stack, panic.stackEnd)}
${panic.at !== null || panic.logged === null ? NOTHING : markup`<p>By the log:</p><pre>${panic.logged.stack.join('\n')}</pre>`}
<details><summary>Registers ${from}, code</summary>
${panic.registers === null ? markup`<p class="soft">${whyUnknown(report, 'panic')}</p>` : registersMarkup(panic.registers)}
${panic.code === null ? NOTHING : markup`<pre>${codeLines(panic.code, 32).join('\n')}</pre>`}</details>`;
}

function registersMarkup(registers: ReportRegisters): Markup {
  const cells = Object.entries(registers).map(([name, value]) => `${name.padStart(7)} ${value.slice(2)}`);
  const lines: string[] = [];
  for (let at = 0; at < cells.length; at += 4) lines.push(cells.slice(at, at + 4).join(''));
  return markup`<pre>${lines.join('\n')}</pre>`;
}

function cpusMarkup(report: Report): Markup {
  return markup`<h2>CPUs</h2>
${report.cpus.length === 0 ? markup`<p class="soft">${whyUnknown(report, 'cpus')}</p>` : NOTHING}
${each(report.cpus, (cpu) => {
  const spins =
    cpu.spinning === null
      ? NOTHING
      : markup`, <span class="bad">spins for ${waitMarkup(cpu.spinning)}</span>`;
  const registers = cpu.registers === null ? NOTHING : registersMarkup(cpu.registers);
  return markup`<details><summary><span class="name">CPU ${cpu.cpu}</span>: ${cpuText(cpu)}${spins}</summary>
${stackMarkup(cpu.stack, cpu.stackEnd)}${registers}</details>`;
})}`;
}

function tasksMarkup(report: Report): Markup {
  const blocked = blockedTasks(report);
  const rest = report.tasks.filter((task) => !blocked.includes(task));
  return markup`<h2>Blocked tasks: ${blocked.length}</h2>
${each(groupByStack(blocked), ({ tasks }) => groupMarkup(tasks))}
<h2>Tasks: ${report.tasks.length}</h2>
<p class="soft">${report.tasks.length === 0 ? whyUnknown(report, 'tasks') : stateCounts(report.tasks)}</p>
${each(groupByStack(rest), ({ tasks }) => groupMarkup(tasks))}`;
}

function problemsMarkup({ problems }: Report): Markup {
  if (problems.length === 0) return NOTHING;
  return markup`<h2>What could not be read</h2>
<ul>${each(
    groupProblems(problems),
    ({ reason, missing }) => markup`<li>${reason}: <span class="soft">${missing.join(', ')}</span></li>\n`,
  )}</ul>`;
}
