import { blockedTasks, groupByStack, groupByWait, stateCounts } from '../groups.ts';
import { holderText, lockText, STATES, taskText, whyUnknown } from '../phrases.ts';
import type { Report, ReportTask } from '../report.ts';
import { count } from '../units.ts';
import type { Page } from './page.ts';
import { printStack } from './stack.ts';

/** So many names of a group are printed. */
const MOST_NAMES = 24;

/** Prints who waits for what and for whom, and the stacks of blocked tasks. */
export function printBlocked(page: Page, report: Report): void {
  const blocked = blockedTasks(report);
  if (blocked.length === 0) return;
  page.heading(`Blocked tasks: ${blocked.length}`);
  for (const circle of report.deadlocks) {
    const names = circle.map(taskText);
    page.paragraph('  ', `Deadlock: ${names.join(' waits for ')} waits for ${names[0]}`, 'bad');
  }
  for (const { wait, tasks } of groupByWait(blocked)) {
    page.paragraph('  ', `${lockText(wait)}: ${holderText(wait)}`);
    page.paragraph('    waited for by ', namesText(tasks));
  }
  const since = lastRan(report);
  for (const group of groupByStack(blocked)) {
    page.line();
    page.paragraph(
      '  ',
      namesText(group.tasks, (task) => `${stateText(task)}${since(task)}`),
      'name',
    );
    printStack(page, group.stack, group.tasks[0]?.stackEnd ?? null);
  }
}

/** `, for 12.3 s`: how long a task had not run at the crash, by the log's clock. */
function lastRan({ log }: Report): (task: ReportTask) => string {
  const end = log.findLast((item) => item.kind === 'record')?.nanoseconds;
  return ({ lastRanSeconds: ran }) =>
    ran === null || end === undefined ? '' : ` ${Math.max(0, end / 1e9 - ran).toFixed(1)} s`;
}

/** Prints the stacks of all tasks that neither ran nor were blocked, equal ones once. */
export function printTasks(page: Page, report: Report): void {
  page.heading(`Tasks: ${report.tasks.length} (${stateCounts(report.tasks)})`);
  if (report.tasks.length === 0) page.paragraph('    ', whyUnknown(report, 'tasks'), 'dim');
  const blocked = new Set(blockedTasks(report));
  const rest = report.tasks.filter((task) => !task.running && !blocked.has(task));
  for (const group of groupByStack(rest)) {
    page.paragraph('  ', namesText(group.tasks), 'name');
    printStack(page, group.stack, group.tasks[0]?.stackEnd ?? null);
  }
}

function namesText(tasks: readonly ReportTask[], detail?: (task: ReportTask) => string): string {
  const names = tasks
    .slice(0, MOST_NAMES)
    .map((task) => (detail === undefined ? taskText(task) : `${taskText(task)} ${detail(task)}`));
  const more = tasks.length - MOST_NAMES;
  const list = `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return tasks.length === 1 ? list : `${count(tasks.length, 'task')}: ${list}`;
}

function stateText({ state }: ReportTask): string {
  return STATES[state] ?? state;
}
