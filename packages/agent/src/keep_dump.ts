import { VMCORE } from './capture_boot.ts';
import { dumpPath, listCrashes, measureRoom, removeOldest } from './crash_store.ts';
import type { DumpEngine } from './dump_engine.ts';
import { partOf, publish, removeIfThere } from './durable.ts';
import type { Outcome, Port } from './port.ts';
import type { Settings } from './settings.ts';

const MIB = 1_048_576;
/** A dump that may be no larger than this is not worth an old crash. */
const SMALLEST_DUMP_BYTES = MIB;

/** What became of the dump. */
export type KeptDump =
  | { readonly path: string; readonly complete: boolean; readonly codec: string }
  | { readonly path: null; readonly why: string };

/**
 * Writes the dump of the crash `date` under its final name, within the budget and above the floor of free
 * space. Where that is too tight, the oldest crashes go, one at a time, only as far as this dump needs; what
 * still does not fit is cut, and the dump says so. On failure no old crash has gone for nothing but room
 * that this dump tried to use, and no part of the dump stays.
 */
export function keepDump(port: Port, settings: Settings, engine: DumpEngine, date: string): KeptDump {
  const deadline = port.monotonicSeconds() + settings.dump_limit_seconds;
  const onDisk = <T>(work: () => T): Outcome<T> => port.isolate(settings.file_limit_seconds, work);
  const path = dumpPath(settings, date);
  const discard = () => onDisk(() => removeIfThere(port, partOf(path)));

  const start = onDisk(() => measureRoom(port, settings));
  if (!start.ok) return { path: null, why: `free space of ${settings.persist_path} unknown: ${start.why}` };
  const { floorBytes } = start.value;
  for (;;) {
    const room = onDisk(() => roomNow(port, settings, floorBytes, date));
    if (!room.ok) return { path: null, why: `free space of ${settings.persist_path} unknown: ${room.why}` };
    const { limitBytes, reclaimableBytes } = room.value;
    if (limitBytes + reclaimableBytes < SMALLEST_DUMP_BYTES) {
      return { path: null, why: tooTight(limitBytes, floorBytes) };
    }
    const left = deadline - port.monotonicSeconds();
    if (limitBytes >= SMALLEST_DUMP_BYTES) {
      if (left <= 0) return { path: null, why: `no whole dump within ${settings.dump_limit_seconds} s` };
      const request = { vmcore: VMCORE, out: partOf(path), sizeLimitBytes: limitBytes, limitSeconds: left };
      const result = engine.dump(port, request);
      if (!result.ok) {
        discard();
        return { path: null, why: result.why };
      }
      const byBudget = limitBytes >= settings.dump_budget_mib * MIB;
      if (result.complete || byBudget || reclaimableBytes === 0) {
        const published = onDisk(() => publish(port, path));
        if (published.ok) return { path, complete: result.complete, codec: result.codec };
        discard();
        return { path: null, why: published.why };
      }
      discard();
    }
    const removed = onDisk(() => removeOldest(port, settings, date));
    if (!removed.ok || removed.value === null) {
      return {
        path: null,
        why: `no room, and no old crash could be removed: ${removed.ok ? '' : removed.why}`,
      };
    }
  }
}

/** How large a dump may be now, and how much more the removal of all older crashes would give. */
function roomNow(
  port: Port,
  settings: Settings,
  floorBytes: number,
  date: string,
): { limitBytes: number; reclaimableBytes: number } {
  const { freeBytes } = port.fileSystem(settings.persist_path);
  const paths = listCrashes(port, settings)
    .filter((crash) => crash.date !== date)
    .flatMap((crash) => [crash.dump, crash.dmesg])
    .filter((path) => path !== null);
  const reclaimableBytes = paths.reduce((sum, path) => sum + port.status(path).allocatedBytes, 0);
  return { limitBytes: Math.min(settings.dump_budget_mib * MIB, freeBytes - floorBytes), reclaimableBytes };
}

function tooTight(limitBytes: number, floorBytes: number): string {
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
  const free = limitBytes + floorBytes;
  return `${mib(free)} are free and ${mib(floorBytes)} must stay free, with no old crash to make room`;
}
