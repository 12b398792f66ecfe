import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '@kcrash/report/report';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** kcrash as the build left it. */
export const PROGRAM = join(ROOT, 'dist/cli/kcrash.cjs');

/**
 * The dump that the tests look at: `KCRASH_VIEWER_DUMP`, else the largest that the lab's scenarios left. Throws where
 * there is none: what was not looked at is not shown to work.
 */
export function labDump(): string {
  const given = process.env.KCRASH_VIEWER_DUMP;
  if (given !== undefined) return given;
  const dumps = left(/(^|\/)persist-1\/kcrashes\/[^/]*\.dump$/).sort(
    (a, b) => Number(b.includes('/tasks-300')) - Number(a.includes('/tasks-300')) || sizeOf(b) - sizeOf(a),
  );
  if (dumps[0] === undefined) {
    throw new Error('out/lab has no dump: run `npm run lab -- run c-sysrq`, or set KCRASH_VIEWER_DUMP');
  }
  return dumps[0];
}

/** A crashed machine's whole memory, an ELF core, that a scenario left, if any did. */
export function wholeMemory(): string | undefined {
  return left(/(^|\/)persist-1\/vmcore$/)[0];
}

/** The dump that one scenario left, if it did. */
export function dumpOf(scenario: string): string | undefined {
  return left(new RegExp(`^${scenario}/persist-1/kcrashes/[^/]*\\.dump$`))[0];
}

/** Files that the lab's scenarios left, in `KCRASH_LAB` or out/lab. */
function left(name: RegExp): string[] {
  const lab = process.env.KCRASH_LAB ?? join(ROOT, 'out/lab');
  return listed(lab)
    .filter((path) => name.test(path))
    .map((path) => join(lab, path));
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
}

function sizeOf(path: string): number {
  return statSync(path).size;
}

/** What `kcrash report --json` says of a dump: the program as the build left it. */
export function reportJson(dump: string): string {
  return execFileSync(process.execPath, [PROGRAM, 'report', '--json', dump], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
}

/** The same, read. */
export function report(dump: string): Report {
  return JSON.parse(reportJson(dump)) as Report;
}
