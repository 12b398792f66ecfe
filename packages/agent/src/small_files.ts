import { removeOldest } from './crash_store.ts';
import { isNoRoom, overwriteInPlace, removeIfThere, type WriteWholeOptions, writeWhole } from './durable.ts';
import type { Port } from './port.ts';
import type { Settings } from './settings.ts';

/**
 * Runs a piece of writing again and again, removing the oldest crash each time the disk is full, until it
 * works or there is none left to remove. `fresh` is the crash being collected: it is never removed.
 */
export function withRoom<T>(port: Port, settings: Settings, fresh: string, write: () => T): T {
  for (;;) {
    try {
      return write();
    } catch (error) {
      if (!isNoRoom(error) || removeOldest(port, settings, fresh) === null) throw error;
    }
  }
}

/**
 * Writes one of the contract's small files. On a full disk old crashes make room; where there are none, the
 * file is overwritten in place, by its own blocks, with the first of `texts` that fits.
 */
export function writeSmallFile(
  port: Port,
  settings: Settings,
  fresh: string,
  path: string,
  options: WriteWholeOptions,
  texts: readonly Uint8Array[],
): void {
  const [whole, ...shorter] = texts;
  if (whole === undefined) return;
  try {
    withRoom(port, settings, fresh, () => writeWhole(port, path, options, (writer) => writer.write(whole)));
    return;
  } catch (error) {
    if (!isNoRoom(error)) throw error;
  }
  let last: unknown;
  for (const text of [whole, ...shorter]) {
    try {
      overwriteInPlace(port, path, options, text);
      return;
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      last = error;
    }
  }
  removeIfThere(port, path);
  throw last;
}
