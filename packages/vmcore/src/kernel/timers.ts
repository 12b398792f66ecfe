import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u32 } from '../bytes/cursor.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { hlistEntries } from './list.ts';
import { perCpu } from './percpu.ts';
import { jiffiesAt } from './uptime.ts';

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
const BASE_HEAD = { clock: field.big('clk'), cpu: field.number('cpu') };
const TIMER = {
  expires: field.big('expires'),
  function: field.pointer('function'),
  flags: field.number('flags'),
};

/** `TIMER_DEFERRABLE` in `timer_list.flags`. */
const DEFERRABLE = 0x0008_0000;
const MOST_BASES = 4;
/** Ticks that an idle CPU's wheel may be behind. */
const MOST_BEHIND = 1n << 31n;
const MOST_TIMERS = 1 << 20;

/** Reads all pending timers. What cannot be read is left out, with a problem that says why. */
export function readTimers(dump: Dump): TimerWheels {
  const problems: string[] = [];
  const wheels: TimerWheel[] = [];
  attempt(problems, 'Timers', () => {
    const jiffies = dump.memory.u64Big(jiffiesAt(dump));
    for (const cpu of perCpu(dump).possible) {
      attempt(problems, `Timer wheels of CPU ${cpu}`, () => {
        for (const base of bases(dump, cpu, jiffies)) wheels.push(readWheel(dump, base, cpu, problems));
      });
    }
  });
  return { wheels, problems };
}

/**
 * The elements of the per-CPU array `timer_bases`: as many as say that they are this CPU's and have a clock. One
 * without NO_HZ, two with it, three since 6.9 (83a665dc99a7).
 */
function bases(dump: Dump, cpu: number, jiffies: bigint): VirtualAddress[] {
  const found: VirtualAddress[] = [];
  const size = dump.types.sizeof('struct timer_base');
  const read = dump.reader('timer_base', BASE_HEAD);
  let at = perCpu(dump).variable('timer_bases', cpu);
  while (found.length < MOST_BASES) {
    const base = attempt([], 'Timer wheel', () => read(at));
    const behind = base && BigInt.asIntN(64, jiffies - base.clock);
    if (base?.cpu !== cpu || behind === undefined || behind > MOST_BEHIND || behind < -MOST_BEHIND) break;
    found.push(at);
    at = addTo(at, size);
  }
  return found;
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
