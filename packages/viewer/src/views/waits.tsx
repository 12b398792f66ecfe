import { groupByWait, type WaitGroup } from '@kcrash/report/groups';
import type { ReportTask, TaskName } from '@kcrash/report/report';
import { count } from '@kcrash/report/units';
import { useMemo } from 'preact/hooks';
import { TaskLink } from '../parts/links.tsx';
import type { Overview, TaskTable } from '../protocol.ts';
import { WaitPicture } from './wait_picture.tsx';
import { Wait } from './wait_text.tsx';

/** So many names of a line are shown. */
const MOST_NAMES = 30;

/** Who waits for what, and for whom; a picture where tasks hold what others wait for. */
export function WaitsView({ table, overview }: { table: TaskTable; overview: Overview }) {
  const groups = useMemo(() => waitGroups(table), [table]);
  const held = groups.filter(({ wait }) => holderOf(wait.holder) !== null);
  const { deadlocks } = overview.report;
  return (
    <>
      <h1>Who waits for whom</h1>
      {deadlocks.map((circle) => (
        <p key={circle.map(({ address }) => address).join()} class="finding">
          Deadlock:{' '}
          {circle.map((task, n) => (
            <span key={task.address}>
              {n > 0 && ' waits for '}
              <TaskLink task={task} />
            </span>
          ))}
          {' waits for '}
          {circle[0] !== undefined && <TaskLink task={circle[0]} />}
        </p>
      ))}
      {groups.length === 0 && <p class="soft">No task waits for a lock or the like.</p>}
      {held.length > 0 && <WaitPicture groups={held} />}
      {groups.length > 0 && <h2>What is waited for</h2>}
      <ul class="plain waits">
        {groups.map(({ wait, tasks }) => (
          <li key={`${wait.kind}${wait.address}`}>
            <b class="count">{count(tasks.length, 'task')}</b> for <Wait wait={wait} />
            <p class="names">
              {tasks.slice(0, MOST_NAMES).map((task) => (
                <TaskLink key={task.address} task={task} />
              ))}
              {tasks.length > MOST_NAMES && ` and ${tasks.length - MOST_NAMES} more`}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The report's own grouping, which looks at nothing but what the rows have. */
function waitGroups({ rows }: TaskTable): WaitGroup[] {
  return groupByWait(rows.filter(({ running }) => !running) as unknown as ReportTask[]);
}

/** The task that has what is waited for, if one is known. */
export function holderOf(holder: WaitGroup['wait']['holder']): TaskName | null {
  if (holder.kind === 'task') return holder.task;
  return holder.kind === 'readers' ? holder.last : null;
}
