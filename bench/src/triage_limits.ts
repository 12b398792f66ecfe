import type { Result } from './contest.ts';

type Results = ReadonlyMap<string, Result>;

/** Something that must hold, as the table shows it. */
export interface Limit {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
  readonly holds: boolean;
}

/** How the contestants are called: a report of each compression, and so on. */
export const NODE = 'node -e 0';
export const report = (codec: string) => `kcrash report, ${codec}`;
export const deviceReport = (codec: string) => `device kcrash report, ${codec}`;
export const LARGE = 'kcrash report, 8 GB guest';
export const THREADS = 'kcrash report, 10,000 threads';
export const DRGN_ONE = 'drgn, one stack';
export const DRGN_ALL = 'drgn, all stacks';
export const CRASH = 'crash, bt and log';

const MEGABYTE = 1_000_000;

/** Judges the contestants that took part; `codecs` has the dump's own compression first. */
export function limits(results: Results, codecs: readonly string[]): Limit[] {
  const all: Limit[] = [];
  const times = (what: string, first: string, second: string, most: number) => {
    const [a, b] = [results.get(first), results.get(second)];
    if (a === undefined || b === undefined) return;
    const ratio = a.seconds / b.seconds;
    all.push({ what, found: `${ratio.toFixed(2)} ×`, wanted: `at most ${most} ×`, holds: ratio <= most });
  };
  const faster = (what: string, first: string, second: string, least: number) => {
    const [a, b] = [results.get(first), results.get(second)];
    if (a === undefined || b === undefined) return;
    const ratio = b.seconds / a.seconds;
    all.push({
      what,
      found: `${ratio.toFixed(1)} times faster`,
      wanted: `at least ${least} times`,
      holds: ratio >= least,
    });
  };
  const within = (name: string, most: { readonly seconds?: number; readonly megabytes?: number }) => {
    const result = results.get(name);
    if (result === undefined) return;
    const { seconds, megabytes } = most;
    if (seconds !== undefined) {
      const found = `${result.seconds.toFixed(2)} s`;
      all.push({ what: name, found, wanted: `under ${seconds} s`, holds: result.seconds < seconds });
    }
    if (megabytes !== undefined) {
      const found = `${Math.round(result.peakBytes / MEGABYTE)} MB`;
      const holds = result.peakBytes <= megabytes * MEGABYTE;
      all.push({ what: name, found, wanted: `at most ${megabytes} MB`, holds });
    }
  };
  for (const codec of codecs) {
    times(`${report(codec)}, to ${NODE}`, report(codec), NODE, 4);
    within(report(codec), { megabytes: 130 });
  }
  const own = report(codecs[0] ?? '');
  faster(`${own}, to ${DRGN_ONE}`, own, DRGN_ONE, 1);
  faster(`${own}, to ${DRGN_ALL}`, own, DRGN_ALL, 10);
  faster(`${own}, to ${CRASH}`, own, CRASH, 20);
  times(`${LARGE}, to 1 GB`, LARGE, own, 1.3);
  within(THREADS, { seconds: 3 });
  for (const codec of codecs) within(deviceReport(codec), { seconds: 4, megabytes: 48 });
  return all;
}
