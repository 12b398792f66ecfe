import type { ReportTask } from '@kcrash/report/report';
import type { SharedStack, TaskTable } from '../protocol.ts';

/** The tasks with equal stacks told once: ten thousand threads of one program have a few. */
export function shareStacks(tasks: readonly ReportTask[]): TaskTable {
  const numbers = new Map<string, number>();
  const stacks: SharedStack[] = [];
  const rows = tasks.map(({ stack: frames, stackEnd: end, ...row }) => {
    const addresses = frames.map(({ address, stack, certainty }) => `${address} ${stack} ${certainty}`);
    const key = `${addresses.join()} ${end.reason} ${end.detail}`;
    let stack = numbers.get(key);
    if (stack === undefined) {
      stack = stacks.push({ frames, end }) - 1;
      numbers.set(key, stack);
    }
    return { ...row, stack };
  });
  return { rows, stacks };
}
