import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';

const KEPT_DAYS = 2;

const making = new Map<string, Promise<string>>();

/**
 * A file of the cache whose name tells its content, made where it is missing: once in this process, and never
 * seen half made by another. Files beside it that nobody used for days go.
 */
export function cachedFile(path: string, make: (temporary: string) => Promise<void>): Promise<string> {
  const known = making.get(path);
  if (known !== undefined) return known;
  const made = makeOnce(path, make);
  making.set(path, made);
  return made;
}

async function makeOnce(path: string, make: (temporary: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) {
    const now = new Date();
    utimesSync(path, now, now);
    return path;
  }
  prune(dirname(path));
  const temporary = `${path}.${process.pid}`;
  await make(temporary);
  renameSync(temporary, path);
  return path;
}

function prune(folder: string): void {
  const oldest = Date.now() - KEPT_DAYS * 24 * 3600 * 1000;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).mtimeMs < oldest) rmSync(path, { force: true });
  }
}
