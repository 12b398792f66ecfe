import { lockText, placeText, STATES } from '@kcrash/report/phrases';
import type { ReportFrame } from '@kcrash/report/report';
import { taskHash } from '../parts/links.tsx';
import type { Column } from '../parts/table.tsx';
import { visible } from '../parts/visible.ts';
import type { SharedStack, TaskRow, TaskTable } from '../protocol.ts';
import { routeHash } from '../route.ts';

/** What every sleeping task is in. */
const SCHEDULER =
  /^(?:__schedule|schedule(?:_\w+)?|io_schedule(?:_timeout)?|context_switch|__switch_to_asm|do_nanosleep|hrtimer_nanosleep)$/;

/** The function that says what a task does: the innermost that is not the scheduler's. */
export function tellingFrame({ frames }: SharedStack): ReportFrame | undefined {
  return frames.find(({ symbol }) => symbol !== null && !SCHEDULER.test(symbol)) ?? frames[0];
}

/** Columns of the table of tasks. */
export function taskColumns({ stacks }: TaskTable): Column<TaskRow>[] {
  const where = (row: TaskRow) => {
    const stack = stacks[row.stack];
    const frame = stack === undefined ? undefined : tellingFrame(stack);
    return frame === undefined ? '' : placeText(frame);
  };
  return [
    {
      name: 'PID',
      width: '9ch',
      numeric: true,
      order: ({ pid }) => pid,
      cell: (row) => <a href={taskHash(row)}>{row.pid}</a>,
    },
    {
      name: 'Name',
      width: 'minmax(16ch, 22ch)',
      order: ({ comm }) => comm,
      cell: (row) => (
        <a class={row.kernelThread ? 'kernel-thread' : ''} href={taskHash(row)}>
          {visible(row.comm)}
        </a>
      ),
    },
    {
      name: 'State',
      width: '12ch',
      order: ({ state }) => state,
      cell: ({ state, running }) => (
        <span class={state === 'D' ? 'bad' : ''}>{running ? 'running' : shortState(state)}</span>
      ),
    },
    {
      name: 'CPU',
      width: '6ch',
      numeric: true,
      order: ({ cpu }) => cpu,
      cell: ({ cpu }) => <a href={routeHash('cpus', String(cpu))}>{cpu}</a>,
    },
    {
      name: 'Process',
      width: '9ch',
      numeric: true,
      wide: true,
      order: ({ tgid }) => tgid,
      cell: ({ tgid }) => tgid,
    },
    {
      name: 'Parent',
      width: '9ch',
      numeric: true,
      wide: true,
      order: ({ ppid }) => ppid ?? -1,
      cell: ({ ppid }) => ppid ?? '?',
    },
    {
      name: 'User',
      width: '9ch',
      numeric: true,
      wide: true,
      order: (row) => row.userSeconds,
      cell: (row) => seconds(row.userSeconds),
    },
    {
      name: 'System',
      width: '9ch',
      numeric: true,
      wide: true,
      order: (row) => row.systemSeconds,
      cell: (row) => seconds(row.systemSeconds),
    },
    {
      name: 'Last ran',
      width: '11ch',
      numeric: true,
      wide: true,
      order: ({ lastRanSeconds }) => lastRanSeconds ?? -1,
      cell: ({ lastRanSeconds }) => (lastRanSeconds === null ? '' : seconds(lastRanSeconds)),
    },
    {
      name: 'In',
      width: 'minmax(20ch, 1fr)',
      wide: true,
      order: where,
      cell: (row) => {
        const waits = row.waits.map(lockText).join('; ');
        return (
          <a href={routeHash('stacks', String(row.stack))} title={visible(waits)}>
            {visible(where(row))}
          </a>
        );
      },
    },
  ];
}

/** A state's word, as short as a column wants it. */
export function shortState(state: string): string {
  return state === 'R' ? 'ready' : (STATES[state] ?? state);
}

/** Seconds as the table has them; JSON has the same number in full. */
export function seconds(value: number): string {
  return value.toFixed(3);
}
