import { taskText } from '@kcrash/report/phrases';
import type { Hex, TaskName } from '@kcrash/report/report';
import { routeHash } from '../route.ts';
import { visible } from './visible.ts';

/** An address, which is always a way to the memory there. */
export function Address({ at, children }: { at: Hex; children?: string }) {
  return (
    <a class="address" href={routeHash('address', at)}>
      {children ?? at}
    </a>
  );
}

/** Where a task is shown: idle tasks of all CPUs have PID 0. */
export function taskHash({ pid, address }: Pick<TaskName, 'pid' | 'address'>): string {
  return routeHash('task', pid === 0 ? address : String(pid));
}

/** `kworker/0:1 (12)`, a way to the task. */
export function TaskLink({ task }: { task: TaskName }) {
  return <a href={taskHash(task)}>{visible(taskText(task))}</a>;
}
