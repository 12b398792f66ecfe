import { PART_SUFFIX, removeIfThere } from './durable.ts';
import { type ClockReading, type Port, PortError } from './port.ts';
import type { Settings } from './settings.ts';

/** A crash kept on disk: its log, its dump, or both. */
export interface StoredCrash {
  /** As `date -Is` prints it; the part of the names that log and dump share. */
  readonly date: string;
  readonly dmesg: string | null;
  readonly dump: string | null;
}

const NAME = /^(?:dmesg-(.+)\.log|kdump-(.+)\.dump)$/;

/** The folder that holds the crashes. */
export function crashFolder(settings: Settings): string {
  return `${settings.persist_path}/kcrashes`;
}

export function dmesgPath(settings: Settings, date: string): string {
  return `${crashFolder(settings)}/dmesg-${date}.log`;
}

export function dumpPath(settings: Settings, date: string): string {
  return `${crashFolder(settings)}/kdump-${date}.dump`;
}

/** Local time as `date -Is` prints it: `2026-11-24T21:58:35+00:00`. */
export function isoSeconds(clock: ClockReading): string {
  const { unixSeconds, offsetMinutes } = clock;
  const local = new Date((unixSeconds + offsetMinutes * 60) * 1000).toISOString().slice(0, 19);
  const sign = offsetMinutes < 0 ? '-' : '+';
  const minutes = Math.abs(offsetMinutes);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${local}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** When a date in a name was, for sorting: names written in different time zones compare by this. */
function instant(date: string): number {
  const time = Date.parse(date);
  return Number.isNaN(time) ? 0 : time;
}

/** The crashes on disk, oldest first. A folder that is not there holds none. Other files are left alone. */
export function listCrashes(port: Port, settings: Settings): StoredCrash[] {
  const folder = crashFolder(settings);
  const crashes = new Map<string, { date: string; dmesg: string | null; dump: string | null }>();
  for (const name of port.exists(folder) ? port.list(folder) : []) {
    const match = NAME.exec(name);
    const date = match?.[1] ?? match?.[2];
    if (date === undefined) continue;
    const crash = crashes.get(date) ?? { date, dmesg: null, dump: null };
    if (name.startsWith('dmesg-')) crash.dmesg = `${folder}/${name}`;
    else crash.dump = `${folder}/${name}`;
    crashes.set(date, crash);
  }
  return [...crashes.values()].sort(
    (a, b) => instant(a.date) - instant(b.date) || (a.date < b.date ? -1 : 1),
  );
}

/** A date for a new crash: now, or the next second that no crash on disk has taken (a clock may stand still). */
export function freeDate(port: Port, settings: Settings): string {
  const taken = new Set(listCrashes(port, settings).map((crash) => crash.date));
  const clock = port.clock();
  for (let later = 0; ; later += 1) {
    const date = isoSeconds({ ...clock, unixSeconds: clock.unixSeconds + later });
    if (!taken.has(date)) return date;
  }
}

/** Removes the oldest crash other than `keep`. Returns its date, or null where there is none to remove. */
export function removeOldest(port: Port, settings: Settings, keep: string): string | null {
  const oldest = listCrashes(port, settings).find((crash) => crash.date !== keep);
  if (oldest === undefined) return null;
  // The dump first: it frees the room, and a log without its dump is still a crash.
  for (const path of [oldest.dump, oldest.dmesg]) if (path !== null) port.unlink(path);
  port.sync(crashFolder(settings));
  return oldest.date;
}

/** Removes the oldest crashes until the newest `keep_crashes_count` are left; `fresh` always counts as newest. */
export function retain(port: Port, settings: Settings, fresh: string): string[] {
  const removed: string[] = [];
  while (listCrashes(port, settings).length > settings.keep_crashes_count) {
    const date = removeOldest(port, settings, fresh);
    if (date === null) break;
    removed.push(date);
  }
  return removed;
}

/** Removes what an interrupted collection left under temporary names. */
export function removeParts(port: Port, settings: Settings): void {
  for (const folder of [settings.persist_path, crashFolder(settings)]) {
    try {
      for (const name of port.list(folder)) {
        const ours = /^\.(dmesg-.*\.log|kdump-.*\.dump|reboot-stack|reboot-reason|boot-reason)\.part$/.test(
          name,
        );
        if (ours && name.endsWith(PART_SUFFIX)) removeIfThere(port, `${folder}/${name}`);
      }
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
    }
  }
}

/** What a dump may take. */
export interface Room {
  readonly freeBytes: number;
  /** What must stay free. */
  readonly floorBytes: number;
}

const MIB = 1_048_576;

/**
 * Free space on persist and the floor under it: the larger of `free_floor_mib` and `free_floor_percent`, or a
 * quarter of what is free where the whole disk is smaller than that.
 */
export function measureRoom(port: Port, settings: Settings): Room {
  const { totalBytes, freeBytes } = port.fileSystem(settings.persist_path);
  const floor = Math.max(settings.free_floor_mib * MIB, (totalBytes * settings.free_floor_percent) / 100);
  return { freeBytes, floorBytes: Math.ceil(totalBytes > floor ? floor : freeBytes / 4) };
}
