import { VMCORE } from './capture_boot.ts';
import { dumpPath, listCrashes, measureRoom, removeOldest } from './crash_store.ts';
import type { DumpEngine, DumpResult } from './dump_engine.ts';
import { partOf, publish, removeIfThere } from './durable.ts';
import { type Outcome, type Port, PortError } from './port.ts';
import type { Settings } from './settings.ts';

const MIB = 1_048_576;
/** A dump that may be no larger than this is not worth an old crash. */
const SMALLEST_DUMP_BYTES = MIB;
/** How often a person at the console is told how far the dump has come. */
const PROGRESS_SECONDS = 2;

/** What became of the dump. `failed` tells of each engine that could not, in the order in which they were tried. */
export type KeptDump =
  | {
      readonly path: string;
      readonly engine: string;
      readonly complete: boolean;
      readonly codec: string;
      readonly leftOut: string | null;
      readonly failed: readonly string[];
    }
  | { readonly path: null; readonly failed: readonly string[] };

/** What came of one engine's tries. */
type Attempt =
  | (DumpResult & { readonly ok: true })
  | { readonly ok: false; readonly why: string; readonly final: boolean };

/** Says a line on the consoles. */
type Note = (line: string) => void;

/**
 * Writes the dump of the crash `date` under its final name, within the budget and above the floor of free
 * space, by the first of `engines` that can. Where that is too tight, the oldest crashes go, one at a time, only
 * as far as this dump needs; what still does not fit is cut, and the dump says so. On failure no old crash has
 * gone for nothing but room that this dump tried to use, and no part of the dump stays.
 */
export function keepDump(
  port: Port,
  settings: Settings,
  engines: readonly DumpEngine[],
  date: string,
  note: Note,
): KeptDump {
  const failed: string[] = [];
  const path = dumpPath(settings, date);
  const floor = port.isolate(settings.file_limit_seconds, () => measureRoom(port, settings).floorBytes);
  if (!floor.ok)
    return { path: null, failed: [`free space of ${settings.persist_path} unknown: ${floor.why}`] };
  for (const engine of engines) {
    const attempt = attemptBy(engine, port, settings, floor.value, date, note);
    if (attempt.ok) return { ...attempt, path, engine: engine.name, failed };
    failed.push(attempt.why);
    if (attempt.final) break;
  }
  return { path: null, failed };
}

/** One engine's tries: again each time an old crash has made room, until the dump is whole or cut by its budget. */
function attemptBy(
  engine: DumpEngine,
  port: Port,
  settings: Settings,
  floorBytes: number,
  date: string,
  note: Note,
): Attempt {
  const deadline = port.monotonicSeconds() + settings.dump_limit_seconds;
  const onDisk = <T>(work: () => T): Outcome<T> => port.isolate(settings.file_limit_seconds, work);
  const path = dumpPath(settings, date);
  const discard = () => onDisk(() => removeIfThere(port, partOf(path)));
  for (;;) {
    const room = onDisk(() => roomNow(port, settings, floorBytes, date));
    if (!room.ok) return failure(`free space of ${settings.persist_path} unknown: ${room.why}`);
    const { limitBytes, reclaimableBytes } = room.value;
    if (limitBytes + reclaimableBytes < SMALLEST_DUMP_BYTES)
      return failure(tooTight(limitBytes, floorBytes), true);
    const left = deadline - port.monotonicSeconds();
    if (limitBytes >= SMALLEST_DUMP_BYTES) {
      if (left <= 0) return failure(`${engine.name}: no whole dump within ${settings.dump_limit_seconds} s`);
      const result = engine.dump(port, {
        vmcore: VMCORE,
        out: partOf(path),
        sizeLimitBytes: limitBytes,
        limitSeconds: left,
        whileRunning: progress(port, partOf(path), note),
      });
      const byBudget = limitBytes >= settings.dump_budget_mib * MIB;
      const enough = byBudget || reclaimableBytes === 0;
      if (!result.ok && (!result.tooSmall || enough)) {
        discard();
        return failure(result.why, result.tooSmall);
      }
      if (result.ok && (result.complete || enough)) {
        const published = onDisk(() => publish(port, path));
        if (published.ok) return result;
        discard();
        return failure(published.why);
      }
      discard();
    }
    const removed = onDisk(() => removeOldest(port, settings, date));
    if (!removed.ok) return failure(`no room, and no old crash could be removed: ${removed.why}`);
    if (removed.value === null) return failure('no room, and no old crash is left');
  }
}

function failure(why: string, final = false): Attempt {
  return { ok: false, why, final };
}

/** Tells the consoles how large the dump is by now. */
function progress(port: Port, part: string, note: Note): () => void {
  const start = port.monotonicSeconds();
  let next = start + PROGRESS_SECONDS;
  return () => {
    const now = port.monotonicSeconds();
    if (now < next) return;
    next = now + PROGRESS_SECONDS;
    try {
      note(`dump: ${mib(port.status(part).allocatedBytes)} after ${Math.round(now - start)} s`);
    } catch (error) {
      // It is not there yet.
      if (!(error instanceof PortError)) throw error;
    }
  };
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
  const free = limitBytes + floorBytes;
  return `${mib(free)} are free and ${mib(floorBytes)} must stay free, with no old crash to make room`;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
