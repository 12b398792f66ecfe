import { blockedTasks, groupByWait } from './groups.ts';
import { holderText, lockText, taskText } from './phrases.ts';
import type { Report } from './report.ts';
import { count } from './units.ts';

/** What is worth knowing besides the crash itself, one sentence each, the worst first. */
export function findings(report: Report): string[] {
  const found = report.problems.flatMap(({ section, message }) => (section === 'container' ? message : []));
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
    found.push(`${name} had ${count(requests.length, 'unfinished request')}${since}`);
  }
  for (const zone of report.memory?.zones ?? []) {
    if (zone.free !== null && zone.free < zone.min) {
      found.push(`Memory zone ${zone.name} of node ${zone.node} had less free memory than its minimum`);
    }
  }
  return found;
}
