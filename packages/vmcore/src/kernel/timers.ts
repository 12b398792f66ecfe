import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u32 } from '../bytes/cursor.ts';
import { sizeOfType } from '../describe/type_layout.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { hlistEntries } from './list.ts';
import { perCpu } from './percpu.ts';

/** A timer that waits in a CPU's timer wheel (C `struct timer_list`). */
export interface Timer {
  readonly address: VirtualAddress;
  readonly cpu: number;
  /** What it calls. */
  readonly function: VirtualAddress;
  /** C `jiffies` when it is due. */
  readonly expires: bigint;
  /** Whether it does not wake an idle CPU. */
  readonly deferrable: boolean;
}

/** The state of one of a CPU's timer wheels. */
export interface TimerWheel {
  readonly cpu: number;
  /** C `jiffies` up to which its timers were run. */
  readonly clock: bigint;
  /** The timer that runs now, 0 for none. */
  readonly running: VirtualAddress;
  readonly timers: readonly Timer[];
}

/** The timer wheels of all CPUs. */
export interface TimerWheels {
  readonly wheels: readonly TimerWheel[];
  readonly problems: readonly string[];
}

const BASE = {
  clock: field.big('clk'),
  running: field.pointer('running_timer'),
  pending: field.bytes('pending_map'),
  vectors: field.address('vectors'),
};
const TIMER = {
  expires: field.big('expires'),
  function: field.pointer('function'),
  flags: field.number('flags'),
};

/** `TIMER_DEFERRABLE` in `timer_list.flags`. */
const DEFERRABLE = 0x0008_0000;
/** Wheels for each CPU: one, two with NO_HZ, three since 6.9 (36e40df35d2c). */
const MOST_BASES = 4;
const MOST_TIMERS = 1 << 20;

/** Reads all pending timers. What cannot be read is left out, with a problem that says why. */
export function readTimers(dump: Dump): TimerWheels {
  const problems: string[] = [];
  const wheels: TimerWheel[] = [];
  const bases = attempt(problems, 'Timers', () => baseCount(dump)) ?? 0;
  for (const cpu of perCpu(dump).possible) {
    for (let n = 0; n < bases; n++) {
      const wheel = attempt(problems, `Timer wheel ${n} of CPU ${cpu}`, () => {
        const first = perCpu(dump).variable('timer_bases', cpu);
        return readWheel(dump, addTo(first, n * dump.types.sizeof('struct timer_base')), cpu, problems);
      });
      if (wheel) wheels.push(wheel);
    }
  }
  return { wheels, problems };
}

/** Elements of the per-CPU array `timer_bases`, whose type BTF has; 1 where it does not. */
function baseCount(dump: Dump): number {
  const { btf } = dump.types;
  const id = btf.find('var', 'timer_bases');
  const variable = id === undefined ? undefined : btf.type(id);
  if (variable?.kind !== 'var') return 1;
  const count = sizeOfType(btf, variable.type) / dump.types.sizeof('struct timer_base');
  return Math.min(Math.max(Math.floor(count), 1), MOST_BASES);
}

function readWheel(dump: Dump, at: VirtualAddress, cpu: number, problems: string[]): TimerWheel {
  const base = dump.reader('timer_base', BASE)(at);
  const timers: Timer[] = [];
  for (const bucket of setBits(base.pending)) {
    const head = addTo(base.vectors, bucket * 8);
    const { entries, problem } = hlistEntries(dump, head, 'timer_list', 'entry', MOST_TIMERS);
    if (problem !== undefined) problems.push(problem);
    for (const timer of entries) {
      attempt(problems, 'Timer', () => {
        const { flags, ...read } = dump.reader('timer_list', TIMER)(timer);
        timers.push({ address: timer, cpu, ...read, deferrable: (flags & DEFERRABLE) !== 0 });
      });
    }
  }
  timers.sort((a, b) => (a.expires < b.expires ? -1 : a.expires > b.expires ? 1 : 0));
  return { cpu, clock: base.clock, running: base.running, timers };
}

/** Numbers of the bits set in a bitmap, most of whose words are 0. */
function setBits(bitmap: Uint8Array): number[] {
  const bits: number[] = [];
  for (let at = 0; at + 4 <= bitmap.length; at += 4) {
    for (let word = u32(bitmap, at), bit = 0; word !== 0; word >>>= 1, bit++) {
      if ((word & 1) !== 0) bits.push(at * 8 + bit);
    }
  }
  return bits;
}
