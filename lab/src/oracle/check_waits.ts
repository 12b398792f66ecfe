import type { Report, ReportWait } from '@kcrash/report/report';
import type { Checks } from '../checks.ts';

/** What tasks of `lab/module/lab_block.c` wait for, and who has it. */
const WAITS: readonly (readonly [comm: string, thing: string, holder: string])[] = [
  ['b_mod_mutex', 'mutex lab_mutex [lab_block]', 'lab_middle'],
  ['lab_middle', 'rwsem lab_sem [lab_block] to read', 'lab_owner'],
  ['b_mod_reader', 'rwsem lab_sem [lab_block] to read', 'lab_owner'],
  ['b_mod_writer', 'rwsem lab_shared [lab_block] to write', '1 reader, last lab_reader/of_a'],
  ['b_mod_complete', 'completion lab_done [lab_block]', 'unknown'],
  ['lab_left', 'mutex lab_mutex_right [lab_block]', 'lab_right'],
  ['lab_right', 'mutex lab_mutex_left [lab_block]', 'lab_left'],
];

/** The report must tell of each such task what it waits for and who holds it, and of the circle of two. */
export function checkWaits(report: Pick<Report, 'tasks' | 'deadlocks'>, checks: Checks): void {
  for (const [comm, thing, holder] of WAITS) {
    const at = checks.at(`waits of ${comm}`);
    const tasks = report.tasks.filter((task) => task.comm === comm);
    at.that(tasks.length > 0, 'a task', 'none');
    for (const { waits } of tasks) at.equal(waits.map(waitText).join(', '), `${thing}: ${holder}`);
  }
  const circles = report.deadlocks.map((circle) =>
    circle
      .map(({ comm }) => comm)
      .sort()
      .join(' '),
  );
  checks.at('deadlocks').same(circles, ['lab_left lab_right']);
}

function waitText({ kind, symbol, wants, holder }: ReportWait): string {
  const thing = [kind, symbol ?? '?', ...(wants === null ? [] : ['to', wants])].join(' ');
  return `${thing}: ${holderText(holder)}`;
}

function holderText(holder: ReportWait['holder']): string {
  switch (holder.kind) {
    case 'task':
      return holder.task.comm;
    case 'readers':
      return `${holder.count} reader${holder.count === 1 ? '' : 's'}, last ${holder.last?.comm}`;
    case 'none':
      return 'nobody';
    case 'unknown':
      return 'unknown';
  }
}
