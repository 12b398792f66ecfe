import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** The file in a folder that is locked. */
export const LOCK_NAME = '.lock';

/**
 * Runs `work` while no other process works in the folder, which must exist; throws at once where one does.
 * The kernel drops the lock when its holder dies.
 */
export async function withFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = openSync(join(folder, LOCK_NAME), 'a');
  try {
    // flock(2) belongs to the open file, which this process shares with flock(1) and keeps after it.
    const { status } = spawnSync('flock', ['--nonblock', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', lock],
    });
    if (status !== 0) throw new Error(`another run of the lab works in ${folder}`);
    return await work();
  } finally {
    closeSync(lock);
  }
}
