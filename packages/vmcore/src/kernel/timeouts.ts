import type { VirtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import type { Hrtimer } from './hrtimers.ts';
import type { Timer } from './timers.ts';

/** When a timer wakes a sleeping task, unless something else does before. */
export interface Timeout {
  /** `jiffies`, or the clock whose nanoseconds `expires` is: `CLOCK_MONOTONIC` … */
  readonly clock: string;
  readonly expires: bigint;
}

const PROCESS_TIMER = { task: field.pointer('task') };
const SLEEPER = { task: field.pointer('task') };

/**
 * The tasks that a timer will wake, by C `struct task_struct *`: those that sleep by `schedule_timeout`
 * (`process_timeout`) and those that sleep by a high-resolution timer (`hrtimer_wakeup`). Empty where the
 * kernel names neither function.
 */
export function readTimeouts(
  dump: Dump,
  timers: readonly Timer[],
  hrtimers: readonly Hrtimer[],
): Map<VirtualAddress, Timeout> {
  const found = new Map<VirtualAddress, Timeout>();
  const named = (name: string) => attempt([], name, () => dump.symbols.find(name)[0]?.address);
  const processTimeout = named('process_timeout');
  const wakeup = named('hrtimer_wakeup');
  const note = (clock: string, expires: bigint, task: () => VirtualAddress) => {
    const sleeper = attempt([], 'Timeout', task);
    if (sleeper !== undefined && sleeper !== 0n) found.set(sleeper, { clock, expires });
  };
  for (const timer of timers) {
    if (timer.function !== processTimeout) continue;
    note('jiffies', timer.expires, () => {
      const at = dump.containerOf(timer.address, 'process_timer', 'timer');
      return dump.reader('process_timer', PROCESS_TIMER)(at).task;
    });
  }
  for (const timer of hrtimers) {
    if (timer.function !== wakeup) continue;
    note(timer.clock, timer.expiresNanoseconds, () => {
      const at = dump.containerOf(timer.address, 'hrtimer_sleeper', 'timer');
      return dump.reader('hrtimer_sleeper', SLEEPER)(at).task;
    });
  }
  return found;
}
