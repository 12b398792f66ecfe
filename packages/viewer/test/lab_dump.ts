import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '@kcrash/report/report';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * The dump that the tests look at: `KCRASH_VIEWER_DUMP`, else the largest that the lab's scenarios left. Throws where
 * there is none: what was not looked at is not shown to work.
 */
export function labDump(): string {
  const given = process.env.KCRASH_VIEWER_DUMP;
  if (given !== undefined) return given;
  const lab = join(ROOT, 'out/lab');
  const dumps = listed(lab)
    .filter((path) => /(^|\/)persist-1\/kcrashes\/[^/]*\.dump$/.test(path))
    .map((path) => join(lab, path))
    .sort(
      (a, b) => Number(b.includes('/tasks-300')) - Number(a.includes('/tasks-300')) || sizeOf(b) - sizeOf(a),
    );
  if (dumps[0] === undefined) {
    throw new Error('out/lab has no dump: run `npm run lab -- run c-sysrq`, or set KCRASH_VIEWER_DUMP');
  }
  return dumps[0];
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
  const program = join(ROOT, 'dist/cli/kcrash.cjs');
  return execFileSync(process.execPath, [program, 'report', '--json', dump], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
}

/** The same, read. */
export function report(dump: string): Report {
  return JSON.parse(reportJson(dump)) as Report;
}
