// The download and build cache: `${KCRASH_CACHE:-$HOME/.cache/kcrash}`, shared by every checkout on a machine.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder of the cache, made if it is missing. */
export function cacheFolder(...names: string[]): string {
  const root = process.env.KCRASH_CACHE || join(homedir(), '.cache', 'kcrash');
  const folder = join(root, ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Runs `work` while no other process holds the lock of that name. The kernel drops the lock when its holder
 * dies, so a killed build leaves nothing to clean up. Not reentrant.
 */
export function withLock<T>(name: string, work: () => T): T {
  const lock = openSync(join(cacheFolder(), `${name}.lock`), 'a');
  try {
    // flock(2) belongs to the open file, which this process shares with flock(1) and keeps after it.
    const { status, error } = spawnSync('flock', ['--exclusive', '3'], {
      stdio: ['ignore', 'inherit', 'inherit', lock],
    });
    if (status !== 0) throw new Error(`cannot lock ${name}: ${error?.message ?? `flock exited ${status}`}`);
    return work();
  } finally {
    closeSync(lock);
  }
}

/** The checksum of a file in hexadecimal; read in pieces, since debug packages have hundreds of megabytes. */
export function fileHash(path: string, algorithm: 'sha256' | 'sha512'): string {
  const hash = createHash(algorithm);
  const piece = Buffer.alloc(1 << 20);
  const file = openSync(path, 'r');
  try {
    for (let n = readSync(file, piece); n > 0; n = readSync(file, piece)) hash.update(piece.subarray(0, n));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

/** Whether the file is there and has this checksum. */
export function hasHash(path: string, algorithm: 'sha256' | 'sha512', wanted: string): boolean {
  return existsSync(path) && fileHash(path, algorithm) === wanted;
}
