import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { field, type Read } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';

/**
 * The kernel's clocks as they stood when it last updated them: at the last tick of the CPU that keeps time,
 * which is some milliseconds before the crash, or longer if that CPU was stuck.
 */
export interface Clocks {
  /** Wall clock, nanoseconds since the epoch. */
  readonly realtimeNanoseconds: bigint;
  /** `CLOCK_MONOTONIC`, nanoseconds; does not count while suspended. */
  readonly monotonicNanoseconds: bigint;
  /** `CLOCK_BOOTTIME`, nanoseconds: what /proc/uptime shows. */
  readonly uptimeNanoseconds: bigint;
  /** Wall clock at boot, nanoseconds since the epoch: `btime` of /proc/stat. */
  readonly bootNanoseconds: bigint;
  /** What to add to `CLOCK_MONOTONIC` for the other clocks, nanoseconds. */
  readonly realtimeOffset: bigint;
  readonly boottimeOffset: bigint;
  /** International atomic time less wall clock, seconds. */
  readonly taiSeconds: number;
  /** Name of the counter that drives the clocks: `tsc`, `kvm-clock`. */
  readonly source: string;
  /** Ticks since boot (C `jiffies_64`), which start five minutes before an overflow of 32 bits. */
  readonly jiffies: bigint;
  /** `CONFIG_HZ`: ticks a second. */
  readonly ticksPerSecond: number;
}

const TIMEKEEPER = {
  clock: field.pointer('tkr_mono.clock'),
  shift: field.number('tkr_mono.shift'),
  fraction: field.big('tkr_mono.xtime_nsec'),
  base: field.big('tkr_mono.base'),
  realtimeOffset: field.big('offs_real'),
  boottimeOffset: field.big('offs_boot'),
  taiSeconds: field.number('tai_offset'),
  tick: field.big('ntp_tick'),
};
const CLOCKSOURCE = { name: field.pointer('name') };

/** Reads the kernel's clocks. Throws `not-described`, `bad-format`, and what reading memory throws. */
export function readClocks(dump: Dump): Clocks {
  const at = timekeeper(dump);
  const read = dump.reader('timekeeper', TIMEKEEPER)(at);
  if (!isSound(read)) {
    throw new DumpError(
      'bad-format',
      `The timekeeper at ${hexAddress(at)} has shift ${read.shift} and tick ${read.tick}`,
    );
  }
  const monotonic = read.base + (read.fraction >> BigInt(read.shift));
  const name = dump.reader('clocksource', CLOCKSOURCE)(read.clock).name;
  return {
    realtimeNanoseconds: monotonic + read.realtimeOffset,
    monotonicNanoseconds: monotonic,
    uptimeNanoseconds: monotonic + read.boottimeOffset,
    bootNanoseconds: read.realtimeOffset - read.boottimeOffset,
    realtimeOffset: read.realtimeOffset,
    boottimeOffset: read.boottimeOffset,
    taiSeconds: read.taiSeconds,
    source: dump.memory.cString(name, 64),
    jiffies: dump.memory.u64Big(jiffiesAt(dump)),
    ticksPerSecond: ticksPerSecond(read.tick),
  };
}

/** Where C `jiffies` lies, which `jiffies_64` is too on 64-bit machines. Throws `not-described`. */
export function jiffiesAt(dump: Dump): VirtualAddress {
  return dump.findVariable('jiffies_64') ?? dump.variable('jiffies');
}

/** Ticks a second, from the length of a tick, which NTP may have changed a little: nanoseconds × 2^32. */
function ticksPerSecond(tick: bigint): number {
  return Math.round((1e9 * 2 ** 32) / Number(tick));
}

/**
 * Where the timekeeper lies. `timekeeper_data` is an array of `struct tk_data` since 6.17 (22c62b9a84b8);
 * `tk_core` was one of these since 6.13 (206db8b13619), and a struct without a name before: a sequence
 * counter, and the timekeeper at the next multiple of 8. Tried first is the place without a name, where the
 * timekeeper is in all of these: to find that a kernel lacks a type takes a walk of all its types.
 */
function timekeeper(dump: Dump): VirtualAddress {
  const at = dump.findVariable('tk_core') ?? dump.findVariable('timekeeper_data');
  // Found by code, which names the timekeeper itself.
  if (at === undefined) return dump.variable('timekeeper');
  const counter = dump.types.sizeof('seqcount_raw_spinlock_t');
  const plain = addTo(at, Math.ceil(counter / 8) * 8);
  if (isSound(dump.reader('timekeeper', TIMEKEEPER)(plain))) return plain;
  const named = dump.types.findId('struct tk_data') !== undefined;
  return named ? addTo(at, dump.types.offsetof('tk_data', 'timekeeper')) : plain;
}

function isSound({ shift, tick }: Read<typeof TIMEKEEPER>): boolean {
  return shift <= 32 && tick > 0n;
}

/** Seconds that a moment in jiffies lies after the boot; negative before. */
export function secondsSinceBoot(clocks: Clocks, jiffies: bigint): number {
  // The kernel starts its count at -300 seconds in 32 bits.
  const first = BigInt.asUintN(32, BigInt(-300 * clocks.ticksPerSecond));
  return Number(BigInt.asIntN(64, jiffies - first)) / clocks.ticksPerSecond;
}
