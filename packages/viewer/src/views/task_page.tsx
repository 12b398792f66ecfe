import { STATES, taskText } from '@kcrash/report/phrases';
import { count } from '@kcrash/report/units';
import type { ComponentChildren } from 'preact';
import { Address, TaskLink } from '../parts/links.tsx';
import { Stack } from '../parts/stack.tsx';
import { visible } from '../parts/visible.ts';
import type { Overview, TaskRow, TaskTable } from '../protocol.ts';
import { route, routeHash } from '../route.ts';
import type { WorkerClient } from '../worker_client.ts';
import { Resources } from './resources.tsx';
import { seconds } from './task_columns.tsx';
import { Wait } from './wait_text.tsx';

/** So many related tasks are named. */
const MOST_NAMES = 12;

/** One task: `#task=123`, or its address. */
export function TaskPage({
  table,
  overview,
  worker,
}: {
  table: TaskTable;
  overview: Overview;
  worker: WorkerClient;
}) {
  const { argument } = route.value;
  const row = table.rows.find(({ pid, address }) => argument === address || argument === String(pid));
  if (row === undefined) {
    return (
      <>
        <h1>No task {visible(argument)}</h1>
        <p>
          The dump has no such task. <a href={routeHash('tasks')}>All tasks</a>
        </p>
      </>
    );
  }
  const stack = table.stacks[row.stack];
  const same = table.rows.filter((other) => other.stack === row.stack && other !== row);
  return (
    <>
      <p class="way">
        <a href={routeHash('tasks')}>Tasks</a>
      </p>
      <h1>{visible(taskText(row))}</h1>
      {row.waits.length > 0 && (
        <ul class="next">
          {row.waits.map((wait) => (
            <li key={`${wait.kind}${wait.address}`} class="finding">
              Waits for <Wait wait={wait} />
            </li>
          ))}
        </ul>
      )}
      <div class="columns">
        <section>
          <h2>Stack</h2>
          {stack !== undefined && <Stack frames={stack.frames} end={stack.end} />}
          {same.length > 0 && (
            <p class="names">
              <a href={routeHash('stacks', String(row.stack))}>
                {count(same.length, 'other task has', 'other tasks have')} this stack
              </a>
            </p>
          )}
        </section>
        <section>
          <h2>Task</h2>
          <Facts row={row} table={table} overview={overview} />
        </section>
      </div>
      <Resources key={row.address} row={row} worker={worker} />
    </>
  );
}

function Facts({ row, table, overview }: { row: TaskRow; table: TaskTable; overview: Overview }) {
  const parent = table.rows.find(({ pid }) => pid !== 0 && pid === row.ppid);
  const threads = table.rows.filter((other) => other.tgid === row.tgid && other !== row && row.pid !== 0);
  const children = table.rows.filter(({ ppid, pid, tgid }) => ppid === row.pid && pid === tgid && pid !== 0);
  const uptime = overview.report.when.uptimeSeconds;
  const facts: [string, ComponentChildren][] = [
    ['State', `${row.state}, ${row.running ? 'running on its CPU' : (STATES[row.state] ?? 'unknown')}`],
    [
      'CPU',
      <a key="cpu" href={routeHash('cpus', String(row.cpu))}>
        {row.cpu}
      </a>,
    ],
    [
      'Kind',
      row.kernelThread ? 'kernel thread' : row.pid === row.tgid ? 'process' : `thread of process ${row.tgid}`,
    ],
    ['Parent', parent === undefined ? (row.ppid ?? 'unknown') : <TaskLink key="parent" task={parent} />],
    [
      'Started',
      `${seconds(row.startSeconds)} s after boot${uptime === null ? '' : `, ${seconds(Math.max(0, uptime - row.startSeconds))} s before the crash`}`,
    ],
    ['CPU time', `${seconds(row.userSeconds)} s user, ${seconds(row.systemSeconds)} s system`],
    ['Last ran', row.lastRanSeconds === null ? 'unknown' : `at ${seconds(row.lastRanSeconds)} s`],
    ['task_struct', <Address key="address" at={row.address} />],
    [
      'Look at',
      <a key="value" href={routeHash('value', `*(struct task_struct *)${row.address}`)}>
        all its members
      </a>,
    ],
  ];
  if (threads.length > 0) facts.push(['Threads', <Names key="threads" tasks={threads} />]);
  if (children.length > 0) facts.push(['Children', <Names key="children" tasks={children} />]);
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Names({ tasks }: { tasks: readonly TaskRow[] }) {
  return (
    <span class="names">
      {tasks.slice(0, MOST_NAMES).map((task) => (
        <TaskLink key={task.address} task={task} />
      ))}
      {tasks.length > MOST_NAMES && ` and ${tasks.length - MOST_NAMES} more`}
    </span>
  );
}
