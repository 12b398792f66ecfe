import { u64Big } from '../bytes/cursor.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { perCpu } from './percpu.ts';

/** What /proc/loadavg shows. */
export interface Load {
  /** Average number of tasks that ran or slept uninterruptibly, over 1, 5 and 15 minutes. */
  readonly averages: readonly [number, number, number] | undefined;
  /** Tasks on the run queues, by CPU, ascending. */
  readonly runnable: readonly (number | undefined)[];
  /** Threads that exist, without the idle tasks. */
  readonly threads: number | undefined;
  readonly problems: readonly string[];
}

/** Fixed point of C `avenrun`: 11 bits after the point (`FSHIFT`). */
const ONE = 1 << 11;
const RUN_QUEUE = { running: field.number('nr_running') };

/** Reads the load; what cannot be read is undefined, with a problem that says why. */
export function readLoad(dump: Dump): Load {
  const problems: string[] = [];
  const averages = attempt(problems, 'Load averages', () => {
    const bytes = dump.memory.read(dump.variable('avenrun'), 24);
    const at = (n: number) => Number(u64Big(bytes, n * 8)) / ONE;
    return [at(0), at(1), at(2)] as const;
  });
  const cpus = attempt(problems, 'CPUs', () => perCpu(dump).possible) ?? [];
  const runnable = cpus.map((cpu) =>
    attempt(
      problems,
      `Run queue of CPU ${cpu}`,
      () => dump.reader('rq', RUN_QUEUE)(perCpu(dump).variable('runqueues', cpu)).running,
    ),
  );
  const threads = attempt(problems, 'Number of threads', () => dump.memory.i32(dump.variable('nr_threads')));
  return { averages, runnable, threads, problems };
}
