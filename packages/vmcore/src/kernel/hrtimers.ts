import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { sizeOfType } from '../describe/type_layout.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { perCpu } from './percpu.ts';
import { rbEntries } from './rbtree.ts';

/** A high-resolution timer that waits (C `struct hrtimer`). */
export interface Hrtimer {
  readonly address: VirtualAddress;
  readonly cpu: number;
  /** The clock that its times are of: `CLOCK_MONOTONIC` … */
  readonly clock: string;
  /** What it calls. */
  readonly function: VirtualAddress;
  /** When it is due at the latest, and at the earliest; nanoseconds of its clock. */
  readonly expiresNanoseconds: bigint;
  readonly softNanoseconds: bigint;
  /** Whether it runs in the soft interrupt. */
  readonly soft: boolean;
}

/** The high-resolution timers of all CPUs; for each CPU and clock by the time when they are due. */
export interface Hrtimers {
  readonly timers: readonly Hrtimer[];
  readonly problems: readonly string[];
}

const CPU_BASE = { clocks: field.address('clock_base') };
const CLOCK_BASE = {
  clock: field.number('clockid'),
  tree: field.address('active.rb_root.rb_root'),
};
const TIMER = {
  expires: field.big('node.expires'),
  soft: field.big('_softexpires'),
  function: field.pointer('function'),
  isSoft: field.flag('is_soft'),
};

/** `CLOCK_…` by its number in the user interface. */
const CLOCKS: Readonly<Record<number, string>> = {
  0: 'CLOCK_REALTIME',
  1: 'CLOCK_MONOTONIC',
  7: 'CLOCK_BOOTTIME',
  11: 'CLOCK_TAI',
};

const MOST_BASES = 16;
const MOST_TIMERS = 1 << 20;

/** Reads all pending high-resolution timers. What cannot be read is left out, with a problem that says why. */
export function readHrtimers(dump: Dump): Hrtimers {
  const problems: string[] = [];
  const timers: Hrtimer[] = [];
  for (const cpu of attempt(problems, 'CPUs', () => perCpu(dump).possible) ?? []) {
    attempt(problems, `High-resolution timers of CPU ${cpu}`, () => {
      const at = perCpu(dump).variable('hrtimer_bases', cpu);
      const { clocks } = dump.reader('hrtimer_cpu_base', CPU_BASE)(at);
      const size = dump.types.sizeof('struct hrtimer_clock_base');
      for (let n = 0; n < clockCount(dump, size); n++) {
        for (const timer of readClock(dump, addTo(clocks, n * size), cpu, problems)) timers.push(timer);
      }
    });
  }
  return { timers, problems };
}

function clockCount(dump: Dump, size: number): number {
  const place = dump.types.place('hrtimer_cpu_base', 'clock_base');
  return Math.min(Math.floor(sizeOfType(dump.types.btf, place.type) / size), MOST_BASES);
}

function readClock(dump: Dump, at: VirtualAddress, cpu: number, problems: string[]): Hrtimer[] {
  const base = dump.reader('hrtimer_clock_base', CLOCK_BASE)(at);
  const clock = CLOCKS[base.clock] ?? `clock ${base.clock}`;
  const member = dump.types.offsetof('hrtimer', 'node.node');
  const { entries, problem } = rbEntries(dump.memory, base.tree, member, MOST_TIMERS);
  if (problem !== undefined) problems.push(problem);
  const timers: Hrtimer[] = [];
  for (const address of entries) {
    attempt(problems, 'High-resolution timer', () => {
      const timer = dump.reader('hrtimer', TIMER)(address);
      timers.push({
        address,
        cpu,
        clock,
        function: timer.function,
        expiresNanoseconds: timer.expires,
        softNanoseconds: timer.soft,
        soft: timer.isSoft,
      });
    });
  }
  return timers;
}
