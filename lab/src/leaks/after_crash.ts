import { dirname, join } from 'node:path';
import type { Report } from '@kcrash/report/report';
import { exec } from '../exec.ts';
import { productReport } from '../oracle/product.ts';
import { workstationProgram } from '../paths.ts';
import type { CycleRun } from '../scenario.ts';
import { canary } from './canaries.ts';

/** Copies a file of persist out, beside the console of the run. */
export async function copyOut({ persist }: CycleRun, path: string): Promise<string> {
  const entry = persist.find(path);
  if (entry === undefined) throw new Error(`persist has no ${path}`);
  const to = join(dirname(persist.image), path.replace(/.*\//, ''));
  await exec('debugfs', ['-R', `dump <${entry.inode}> ${to}`, persist.image]);
  return to;
}

/** What the product's report says of a dump; it stays beside the dump. */
export async function reportOf(dump: string): Promise<Report> {
  return (await productReport(dump, `${dump}.json`)).report;
}

/** What `kcrash audit` says of the canaries in a dump: pages by their class. */
export async function auditOf(dump: string): Promise<Map<string, number>> {
  const needle = canary('').replace(/\.+$/, '');
  const args = [workstationProgram, 'audit', '--json', '--needle', needle, dump];
  const output = await exec(process.execPath, args, { allow: [0, 1] });
  const { classes } = JSON.parse(output.toString('utf8')) as {
    classes: { class: string; needles: number }[];
  };
  return new Map(classes.flatMap(({ class: name, needles }) => (needles > 0 ? [[name, needles]] : [])));
}

/** Where two reports differ, a line for each place, at most twenty. */
export function differences(wanted: unknown, found: unknown, at = 'report', all: string[] = []): string[] {
  if (all.length >= 20 || wanted === found) return all;
  if (typeof wanted !== 'object' || typeof found !== 'object' || wanted === null || found === null) {
    all.push(`${at}: ${JSON.stringify(wanted)} | ${JSON.stringify(found)}`.slice(0, 200));
    return all;
  }
  const [one, other] = [wanted as Record<string, unknown>, found as Record<string, unknown>];
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
    differences(one[key], other[key], `${at}.${key}`, all);
  return all;
}
