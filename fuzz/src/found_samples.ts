import { closeSync, openSync, readdirSync, readSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLES } from '../../packages/report/test/title_samples.ts';
import { CHECKER_SAMPLES } from '../../packages/report/test/title_samples_checkers.ts';

/** How a kdump-compressed file begins. */
const KDUMP = 'KDUMP   ';

/**
 * Two of the dumps that the lab left: the smallest, which may be cut, and one of the middle. More would only make
 * each start slower. Throws where there is none.
 */
export function labDumps(folder: string): string[][] {
  const all = filesBelow(folder)
    .filter((path) => path.endsWith('.dump') && isKdump(path))
    .sort((a, b) => statSync(a).size - statSync(b).size);
  if (all.length === 0) {
    throw new Error(`There is no dump below ${folder}: npm run lab -- run c-sysrq --keep-files makes one`);
  }
  const chosen = new Set([all[0] as string, all[all.length >> 1] as string]);
  return [...chosen].map((path) => [path]);
}

/** Tells dumps from the files that scenarios about a full disk put in the place of older ones. */
function isKdump(path: string): boolean {
  const head = Buffer.alloc(KDUMP.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.toString('latin1') === KDUMP;
}

/** What the lab's machines printed. */
export function labConsoles(folder: string): string[][] {
  return filesBelow(folder)
    .filter((path) => /\/console-[^/]*\.log$/.test(path))
    .map((path) => [path]);
}

/** Writes the logs that titles are tested with, a file each. */
export function writeLogs(folder: string): string[][] {
  return [...SAMPLES, ...CHECKER_SAMPLES].map(({ log }, n) => {
    const path = join(folder, `sample-${n}.log`);
    writeFileSync(path, log);
    return [path];
  });
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
