import type { Report, ReportFrame, ReportTask, ReportWait, SectionName, TaskName } from './report.ts';

/** The parts of a report as phrases, the same in text and HTML. */

/** `schedule+0x12/0x40 [module]`, or the bare address. */
export function placeText({ symbol, offset, size, module, address }: ReportFrame): string {
  if (symbol === null) return module === null ? address : `${address} [${module}]`;
  const place = `${symbol}+0x${(offset ?? 0).toString(16)}/0x${(size ?? 0).toString(16)}`;
  return module === null ? place : `${place} [${module}]`;
}

/** `kworker/0:1 (12)`. */
export function taskText({ comm, pid }: TaskName): string {
  return `${comm} (${pid})`;
}

/** `mutex k1_mutex [k1] (0xffff…)`. */
export function lockText({ kind, symbol, address, wants }: ReportWait): string {
  const what = symbol === null ? `${kind} at ${address}` : `${kind} ${symbol}`;
  return wants === null ? what : `${what} (${wants})`;
}

/** Who has it: `held by holder (108)`. */
export function holderText({ holder }: ReportWait): string {
  switch (holder.kind) {
    case 'task':
      return `held by ${taskText(holder.task)}`;
    case 'readers': {
      const last = holder.last === null ? '' : `, the last of them ${taskText(holder.last)}`;
      return `held by ${holder.count === 1 ? 'one reader' : `${holder.count} readers`}${last}`;
    }
    case 'none':
      return 'held by nobody: it had just been freed';
    default:
      return `holder unknown: ${holder.why}`;
  }
}

/** Why a section has not what it should; for the place of what is unknown. */
export function whyUnknown({ problems }: Report, section: SectionName): string {
  const problem = problems.find((each) => each.section === section);
  return problem === undefined ? 'unknown' : `unknown (${problem.message})`;
}

/** What state a letter stands for, as in /proc/PID/status. */
export const STATES: Readonly<Record<string, string>> = {
  R: 'running or ready',
  S: 'sleeping',
  D: 'blocked',
  T: 'stopped',
  t: 'traced',
  X: 'dead',
  Z: 'zombie',
  P: 'parked',
  I: 'idle',
};

/** What a letter of the taint stands for (Documentation/admin-guide/tainted-kernels.rst). */
export const TAINTS: Readonly<Record<string, string>> = {
  P: 'a proprietary module was loaded',
  F: 'a module was force-loaded',
  S: 'the machine is out of specification',
  R: 'a module was force-unloaded',
  M: 'the processor reported a machine check',
  B: 'a bad page was found',
  U: 'user space asked for the taint',
  D: 'the kernel had died before (oops or BUG)',
  A: 'an ACPI table was overridden',
  W: 'the kernel had warned before',
  C: 'a staging driver was loaded',
  I: 'firmware bugs are worked around',
  O: 'an out-of-tree module was loaded',
  E: 'an unsigned module was loaded',
  L: 'a soft lockup had happened before',
  K: 'the kernel was live-patched',
  X: 'the distribution has marked it',
  T: 'built with structure randomisation',
  N: 'a test was run',
  J: 'user space used a mutating debug operation',
};

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

/** What is worth knowing besides the crash itself, one sentence each, the worst first. */
export function findings(report: Report): string[] {
  const found: string[] = [];
  for (const circle of report.deadlocks) {
    const names = circle.map(taskText);
    found.push(`Deadlock: ${names.join(' waits for ')} waits for ${names[0]}`);
  }
  for (const { cpu, spinning } of report.cpus) {
    if (spinning !== null) found.push(`CPU ${cpu} spins for ${lockText(spinning)}, ${holderText(spinning)}`);
  }
  const blocked = blockedTasks(report);
  for (const { wait, tasks } of groupByWait(blocked)) {
    if (wait.holder.kind === 'unknown') continue;
    const who = tasks.length === 1 ? `${tasks.map(taskText)} waits` : `${tasks.length} tasks wait`;
    found.push(`${who} for ${lockText(wait)}, ${holderText(wait)}`);
  }
  const uninterruptible = report.tasks.filter(({ state }) => state === 'D').length;
  if (uninterruptible > 0) {
    found.push(`${uninterruptible} of ${report.tasks.length} tasks were blocked (state D)`);
  }
  const stuck = report.disks.filter(({ requests }) => requests.length > 0);
  for (const { name, requests } of stuck) {
    const age = requests[0]?.ageSeconds;
    const since = age === null || age === undefined ? '' : `, the oldest for ${age.toFixed(1)} s`;
    found.push(`${name} had ${requests.length} unfinished requests${since}`);
  }
  for (const zone of report.memory?.zones ?? []) {
    if (zone.free !== null && zone.free < zone.min) {
      found.push(`Memory zone ${zone.name} of node ${zone.node} had less free memory than its minimum`);
    }
  }
  return found;
}
