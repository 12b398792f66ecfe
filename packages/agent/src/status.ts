import { listCrashes, measureRoom, type Room, type StoredCrash } from './crash_store.ts';
import { mountOf, whyVolatile } from './persist.ts';
import { type Port, PortError } from './port.ts';
import { readNumber, readWord } from './proc.ts';
import type { Settings } from './settings.ts';
import { messageOf } from './text.ts';

const MIB = 1_048_576;

/** What `kcrash status --json` prints. Sizes in bytes, times in seconds; null where the machine does not tell. */
export interface Status {
  readonly schema: 'kcrash-status/1';
  /** Whether this machine would give a dump if it crashed now. */
  readonly ready: boolean;
  /** Every reason why not. */
  readonly reasons: readonly string[];
  /** What does not stand in the way of a dump and is still worth knowing. */
  readonly notes: readonly string[];
  readonly reservation_bytes: number | null;
  readonly loaded: boolean;
  readonly locked: boolean;
  readonly panic_timeout_seconds: number | null;
  readonly panic_on_oops: boolean | null;
  readonly persist: {
    readonly path: string;
    readonly mounted: boolean;
    readonly read_only: boolean | null;
    readonly total_bytes: number | null;
    readonly free_bytes: number | null;
    /** What a dump must leave free. */
    readonly floor_bytes: number | null;
  };
  readonly expected_dump_bytes: number | null;
  readonly crashes_kept: number;
  readonly last_crash: {
    readonly date: string;
    readonly dmesg: string | null;
    readonly dump: string | null;
    readonly dump_bytes: number | null;
  } | null;
}

/** Prints whether a crash now would give a dump. Exit status 0: it would; 1: it would not. */
export function status(
  port: Port,
  settings: Settings,
  options: { readonly json: boolean; readonly problems: readonly string[] },
): number {
  const found = readStatus(port, settings, options.problems);
  port.say(options.json ? JSON.stringify(found, null, 2) : statusText(found));
  return found.ready ? 0 : 1;
}

/** Looks at everything that a dump depends on. */
export function readStatus(port: Port, settings: Settings, problems: readonly string[]): Status {
  const reservation = readNumber(port, '/sys/kernel/kexec_crash_size');
  const loaded = readNumber(port, '/sys/kernel/kexec_crash_loaded') === 1;
  const locked = readNumber(port, '/proc/sys/kernel/kexec_load_disabled') === 1;
  const timeout = readNumber(port, '/proc/sys/kernel/panic');
  const onOops = readNumber(port, '/proc/sys/kernel/panic_on_oops');
  const expected = expectedDumpBytes(port, settings);
  const disk = readDisk(port, settings);
  const crashes = disk.crashes;
  const last = crashes.at(-1);
  const reasons = [
    ...problems,
    ...(reservation === null || reservation === 0
      ? ['no memory is reserved for a capture kernel: boot with crashkernel=128M']
      : []),
    ...(loaded ? [] : ['no capture kernel is loaded: run kcrash arm early in the boot']),
    ...(onOops === 0 ? ['an oops does not panic: set kernel.panic_on_oops=1'] : []),
    ...disk.reasons,
    ...roomReasons(disk.room, crashes, port, expected, settings),
  ];
  const notes = [
    ...(locked ? [] : ['kexec is not locked: the capture kernel can be replaced or unloaded']),
    ...(timeout === 0 ? ['panic=0: after collecting, the machine waits for ever instead of restarting'] : []),
  ];
  const free = disk.room?.freeBytes ?? null;
  return {
    schema: 'kcrash-status/1',
    ready: reasons.length === 0,
    reasons,
    notes,
    reservation_bytes: reservation,
    loaded,
    locked,
    panic_timeout_seconds: timeout,
    panic_on_oops: onOops === null ? null : onOops !== 0,
    persist: {
      path: settings.persist_path,
      mounted: disk.mounted,
      read_only: disk.readOnly,
      total_bytes: disk.totalBytes,
      free_bytes: free,
      floor_bytes: disk.room?.floorBytes ?? null,
    },
    expected_dump_bytes: expected,
    crashes_kept: crashes.length,
    last_crash:
      last === undefined
        ? null
        : {
            date: last.date,
            dmesg: last.dmesg,
            dump: last.dump,
            dump_bytes: last.dump === null ? null : sizeOf(port, last.dump),
          },
  };
}

interface Disk {
  readonly mounted: boolean;
  readonly readOnly: boolean | null;
  readonly totalBytes: number | null;
  readonly room: Room | null;
  readonly crashes: readonly StoredCrash[];
  readonly reasons: readonly string[];
}

function readDisk(port: Port, settings: Settings): Disk {
  const path = settings.persist_path;
  const mount = mountOf(port, path);
  const mounted = mount?.mountPoint === path;
  const volatile = whyVolatile(port, path);
  const nothing = { mounted, readOnly: mount?.readOnly ?? null, totalBytes: null, room: null, crashes: [] };
  if (volatile !== null) return { ...nothing, reasons: [`nothing could be kept: ${volatile}`] };
  try {
    const { totalBytes, readOnly } = port.fileSystem(path);
    return {
      mounted,
      readOnly,
      totalBytes,
      room: measureRoom(port, settings),
      crashes: listCrashes(port, settings),
      reasons: readOnly ? [`${path} is mounted read-only`] : [],
    };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return { ...nothing, reasons: [`${path} cannot be looked at: ${messageOf(error)}`] };
  }
}

function sizeOf(port: Port, path: string): number | null {
  try {
    return port.status(path).sizeBytes;
  } catch (error) {
    if (error instanceof PortError) return null;
    throw error;
  }
}

/** Old crashes count as room: they go where the new one needs it. */
function roomReasons(
  room: Room | null,
  crashes: readonly StoredCrash[],
  port: Port,
  expected: number | null,
  settings: Settings,
): string[] {
  if (room === null || expected === null) return [];
  const old = crashes.reduce((sum, { dump }) => sum + (dump === null ? 0 : (sizeOf(port, dump) ?? 0)), 0);
  const available = room.freeBytes + old - room.floorBytes;
  const budget = settings.dump_budget_mib * MIB;
  const reasons: string[] = [];
  if (available < expected) {
    reasons.push(
      `a dump of about ${mib(expected)} would not fit: ${mib(room.freeBytes)} are free, ${mib(room.floorBytes)} must stay free`,
    );
  }
  if (budget < expected)
    reasons.push(`a dump of about ${mib(expected)} would not fit the budget of ${mib(budget)}`);
  return reasons;
}

/**
 * About how large a dump would be now: the memory that is neither free nor a process's nor the page cache's,
 * plus the memory map (a 64-byte struct page for each 4,096 bytes) and the kernel's own image, of which
 * compression leaves about a third. Source of the ratio: `docs/benchmarks.md`.
 */
export function expectedDumpBytes(port: Port, settings: Settings): number | null {
  const meminfo = readWord(port, '/proc/meminfo');
  if (meminfo === null) return null;
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0);
  const total = kib('MemTotal');
  if (total === 0) return null;
  const leftOut = [
    kib('MemFree'),
    settings.dump_level & 2 ? kib('Buffers') + kib('Cached') + kib('SwapCached') - kib('Shmem') : 0,
    settings.dump_level & 8 ? kib('AnonPages') + kib('Shmem') : 0,
  ];
  const pages = Math.max(0, total - leftOut.reduce((sum, part) => sum + part, 0));
  const outside = total / 64 + IMAGE_KIB;
  return Math.round(((pages + outside) * 1024) / COMPRESSION);
}

const IMAGE_KIB = 48 * 1024;
const COMPRESSION = 3;

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MiB`;
}

/** The status for people. */
export function statusText(found: Status): string {
  const bytes = (value: number | null) => (value === null ? 'unknown' : mib(value));
  const yes = (value: boolean | null) => (value === null ? 'unknown' : value ? 'yes' : 'no');
  const { persist, last_crash: last } = found;
  const seconds = found.panic_timeout_seconds;
  const timeout =
    seconds === null
      ? 'unknown'
      : seconds > 0
        ? `${seconds} s`
        : seconds === 0
          ? 'waits for ever'
          : 'at once';
  return [
    found.ready ? 'A crash now would give a dump.' : 'A crash now would NOT give a whole dump:',
    ...found.reasons.map((reason) => `  - ${reason}`),
    ...found.notes.map((note) => `  note: ${note}`),
    `reserved        ${bytes(found.reservation_bytes)}`,
    `loaded          ${yes(found.loaded)}`,
    `locked          ${yes(found.locked)}`,
    `oops panics     ${yes(found.panic_on_oops)}`,
    `restart         ${timeout}`,
    `persist         ${persist.path}: ${bytes(persist.free_bytes)} free of ${bytes(persist.total_bytes)}, ${bytes(persist.floor_bytes)} stay free`,
    `expected dump   ${bytes(found.expected_dump_bytes)}`,
    `crashes kept    ${found.crashes_kept}`,
    `last crash      ${last === null ? 'none' : `${last.date}, ${last.dump === null ? 'log only' : `dump ${bytes(last.dump_bytes)}`}`}`,
  ].join('\n');
}
