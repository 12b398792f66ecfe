import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '@kcrash/report/report';
import { exec } from '../exec.ts';
import { repository } from '../paths.ts';

/** The `kcrash` for a workstation, as it is shipped. */
const program = join(repository, 'dist', 'cli', 'kcrash.cjs');

/** What `kcrash report --json` says of a dump, and how many seconds that took. Writes it to `to`. */
export async function productReport(dump: string, to: string): Promise<{ report: Report; seconds: number }> {
  if (!existsSync(program)) throw new Error(`there is no ${program}: npm run build makes it`);
  const started = performance.now();
  await exec(process.execPath, [program, 'report', '--json', '--output', to, dump]);
  const seconds = (performance.now() - started) / 1000;
  return { report: JSON.parse(readFileSync(to, 'utf8')) as Report, seconds };
}
