import { STATES } from './phrases.ts';
import type { Problem, Report, ReportFrame, ReportTask, ReportWait } from './report.ts';

/** What a group of tasks has in common. */
export interface StackGroup {
  /** In the order of the tasks given. */
  readonly tasks: readonly ReportTask[];
  readonly stack: readonly ReportFrame[];
}

/** Tasks with the same stack together, the largest group first. */
export function groupByStack(tasks: readonly ReportTask[]): StackGroup[] {
  const groups = new Map<string, ReportTask[]>();
  for (const task of tasks) {
    const key = task.stack.map(({ address, stack }) => `${address} ${stack}`).join() + task.stackEnd.reason;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [task]);
    else group.push(task);
  }
  return [...groups.values()]
    .map((group) => ({ tasks: group, stack: group[0]?.stack ?? [] }))
    .sort((a, b) => b.tasks.length - a.tasks.length);
}

/** Tasks that wait for the same thing. */
export interface WaitGroup {
  readonly wait: ReportWait;
  readonly tasks: readonly ReportTask[];
}

/** What tasks wait for, the longest line first. */
export function groupByWait(tasks: readonly ReportTask[]): WaitGroup[] {
  const groups = new Map<string, { wait: ReportWait; tasks: ReportTask[] }>();
  for (const task of tasks) {
    for (const wait of task.waits) {
      const key = `${wait.kind} ${wait.address}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { wait, tasks: [task] });
      else group.tasks.push(task);
    }
  }
  return [...groups.values()].sort((a, b) => b.tasks.length - a.tasks.length);
}

/** Tasks that sleep uninterruptibly, or for a lock. */
export function blockedTasks({ tasks }: Report): ReportTask[] {
  return tasks.filter(({ state, waits, running }) => !running && (state === 'D' || waits.length > 0));
}

/** `12 sleeping, 3 blocked`: how many tasks are in which state. */
export function stateCounts(tasks: readonly ReportTask[]): string {
  const counts = new Map<string, number>();
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([state, number]) => `${number} ${STATES[state] ?? state}`)
    .join(', ');
}

/** A reason, and all that is missing for it. */
export interface ProblemGroup {
  readonly reason: string;
  /** `tasks`, `sysctls (kernel.panic, kernel.sysrq)`. */
  readonly missing: readonly string[];
}

/** Problems by their reason: what stands before the first colon says what is missing, and the rest why. */
export function groupProblems(problems: readonly Problem[]): ProblemGroup[] {
  const groups = new Map<string, Map<string, string[]>>();
  for (const { section, message } of problems) {
    const colon = message.indexOf(': ');
    const reason = message.slice(colon < 0 ? 0 : colon + 2);
    const sections = groups.get(reason) ?? new Map<string, string[]>();
    groups.set(reason, sections);
    const parts = sections.get(section) ?? [];
    sections.set(section, parts);
    if (colon >= 0) parts.push(message.slice(0, colon));
  }
  return [...groups].map(([reason, sections]) => ({
    reason,
    missing: [...sections].map(([section, parts]) =>
      parts.length === 0 ? section : `${section} (${parts.join(', ')})`,
    ),
  }));
}
