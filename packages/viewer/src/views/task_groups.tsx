import { placeText } from '@kcrash/report/phrases';
import { count } from '@kcrash/report/units';
import { useMemo, useState } from 'preact/hooks';
import { TaskLink } from '../parts/links.tsx';
import { Stack } from '../parts/stack.tsx';
import { visible } from '../parts/visible.ts';
import type { SharedStack, TaskRow } from '../protocol.ts';
import { route } from '../route.ts';
import { tellingFrame } from './task_columns.tsx';

/** So many names of a group are shown, and so many groups; more are a click away. */
const MOST_NAMES = 40;
const MOST_GROUPS = 200;

/** Tasks with equal stacks together, the largest group first. */
export function TaskGroups({ rows, stacks }: { rows: readonly TaskRow[]; stacks: readonly SharedStack[] }) {
  const groups = useMemo(() => grouped(rows, stacks.length), [rows, stacks]);
  const [most, setMost] = useState(MOST_GROUPS);
  const { argument } = route.value;
  const wanted = argument === '' ? undefined : Number(argument);
  const ordered =
    wanted === undefined
      ? groups
      : groups.toSorted((a, b) => Number(b.stack === wanted) - Number(a.stack === wanted));
  return (
    <section class="scroll groups" tabIndex={0} aria-label="Tasks by stack">
      {ordered.slice(0, most).map(({ stack, tasks }, n) => {
        const shared = stacks[stack];
        return (
          shared && (
            <Group
              key={stack}
              tasks={tasks}
              stack={shared}
              open={wanted === undefined ? n < 3 : stack === wanted}
            />
          )
        );
      })}
      {groups.length > most && (
        <button type="button" onClick={() => setMost(most * 4)}>
          Show more of {groups.length} groups
        </button>
      )}
    </section>
  );
}

function Group({ tasks, stack, open }: { tasks: readonly TaskRow[]; stack: SharedStack; open: boolean }) {
  const [most, setMost] = useState(MOST_NAMES);
  const frame = tellingFrame(stack);
  const where = frame === undefined ? (stack.end.detail ?? 'no stack') : placeText(frame);
  return (
    <details open={open}>
      <summary>
        <b class="count">{count(tasks.length, 'task')}</b> <code>{visible(where)}</code>
      </summary>
      <p class="names">
        {tasks.slice(0, most).map((task) => (
          <TaskLink key={task.address} task={task} />
        ))}
        {tasks.length > most && (
          <button type="button" onClick={() => setMost(tasks.length)}>
            and {tasks.length - most} more
          </button>
        )}
      </p>
      <Stack frames={stack.frames} end={stack.end} />
    </details>
  );
}

function grouped(rows: readonly TaskRow[], stacks: number): { stack: number; tasks: TaskRow[] }[] {
  const groups = Array.from({ length: stacks }, (_, stack) => ({ stack, tasks: [] as TaskRow[] }));
  for (const row of rows) groups[row.stack]?.tasks.push(row);
  return groups.filter(({ tasks }) => tasks.length > 0).sort((a, b) => b.tasks.length - a.tasks.length);
}
