import { STATES, whyUnknown } from '@kcrash/report/phrases';
import { count } from '@kcrash/report/units';
import { useEffect, useMemo } from 'preact/hooks';
import { matcherOf } from '../parts/matcher.ts';
import { Choice, SearchBox } from '../parts/search_box.tsx';
import { Table } from '../parts/table.tsx';
import { visible } from '../parts/visible.ts';
import type { Overview, TaskRow, TaskTable } from '../protocol.ts';
import { route, routeHash } from '../route.ts';
import { needTasks, tasks } from '../state.ts';
import type { WorkerClient } from '../worker_client.ts';
import { taskColumns } from './task_columns.tsx';
import { TaskGroups } from './task_groups.tsx';
import { TaskPage } from './task_page.tsx';
import { TaskTree } from './task_tree.tsx';
import { WaitsView } from './waits.tsx';

interface Props {
  readonly overview: Overview;
  readonly worker: WorkerClient;
}

/** All that is made from the list of tasks: the table, the tree, equal stacks, waits, one task. */
export function TasksView({ overview, worker }: Props) {
  useEffect(() => needTasks(worker), [worker]);
  const table = tasks.value;
  if (table === undefined) return <p class="soft">Reading tasks…</p>;
  if (table.rows.length === 0) return <p class="soft">{visible(whyUnknown(overview.report, 'tasks'))}</p>;
  switch (route.value.view) {
    case 'task':
      return <TaskPage table={table} overview={overview} worker={worker} />;
    case 'waits':
      return <WaitsView table={table} overview={overview} />;
    default:
      return <Tasks table={table} />;
  }
}

function Tasks({ table }: { table: TaskTable }) {
  const { view, options } = route.value;
  const { q = '', state = '', cpu = '' } = options;
  const rows = useMemo(() => filtered(table.rows, q, state, cpu), [table, q, state, cpu]);
  const columns = useMemo(() => taskColumns(table), [table]);
  return (
    <section class="fill">
      <div class="tools">
        <h1>Tasks</h1>
        <SearchBox label="Search names and PIDs" />
        <Choice name="state" label="State" choices={statesOf(table.rows)} />
        <Choice name="cpu" label="CPU" choices={cpusOf(table.rows)} />
        <span class="soft" aria-live="polite">
          {rows.length === table.rows.length
            ? count(rows.length, 'task')
            : `${rows.length} of ${count(table.rows.length, 'task')}`}
        </span>
        <nav class="tabs" aria-label="Ways to look at tasks">
          {(['tasks', 'tree', 'stacks'] as const).map((name) => (
            <a
              key={name}
              href={routeHash(name, '', { q, state, cpu })}
              aria-current={view === name ? 'page' : undefined}
            >
              {{ tasks: 'Table', tree: 'Tree', stacks: 'By stack' }[name]}
            </a>
          ))}
        </nav>
      </div>
      {view === 'tree' ? (
        <TaskTree rows={rows} all={table.rows} />
      ) : view === 'stacks' ? (
        <TaskGroups rows={rows} stacks={table.stacks} />
      ) : (
        <Table
          label="Tasks"
          columns={columns}
          rows={rows}
          rowKey={({ address }) => address}
          none="No task is like that."
        />
      )}
    </section>
  );
}

function filtered(rows: readonly TaskRow[], q: string, state: string, cpu: string): readonly TaskRow[] {
  const matcher = matcherOf(q);
  if (matcher === undefined && state === '' && cpu === '') return rows;
  return rows.filter(
    (row) =>
      (state === '' || row.state === state) &&
      (cpu === '' || row.cpu === Number(cpu)) &&
      (matcher === undefined || matcher(`${row.comm} ${row.pid} ${row.tgid}`)),
  );
}

function statesOf(rows: readonly TaskRow[]): [string, string][] {
  const states = [...new Set(rows.map(({ state }) => state))].sort();
  return [
    ['', 'all'],
    ...states.map((state): [string, string] => [state, `${state} ${STATES[state] ?? ''}`]),
  ];
}

function cpusOf(rows: readonly TaskRow[]): [string, string][] {
  const cpus = [...new Set(rows.map(({ cpu }) => cpu))].sort((a, b) => a - b);
  return [['', 'all'], ...cpus.map((cpu): [string, string] => [String(cpu), String(cpu)])];
}
