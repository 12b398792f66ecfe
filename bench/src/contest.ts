import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseUsage, timeArguments, type Usage } from '@kcrash/lab/referee/measure';

/** A program that is run again and again. */
export interface Contestant {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly input?: string;
  /** One that takes long is run a third as often as the others. */
  readonly isSlow?: boolean;
}

/** Medians of a contestant's runs. */
export interface Result extends Usage {
  readonly runs: number;
}

/**
 * Runs all contestants in turn, `rounds` times, so that what else the machine does comes to all of them alike; one more
 * round before that fills the file system's cache. Throws where one fails.
 */
export function contest(
  contestants: readonly Contestant[],
  rounds: number,
  folder: string,
  say: (line: string) => void,
): ReadonlyMap<string, Result> {
  const usages = new Map<string, Usage[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    say(round === 0 ? 'a round that does not count' : `round ${round} of ${rounds}`);
    for (const contestant of contestants) {
      if (contestant.isSlow && (round === 0 || round > Math.ceil(rounds / 3))) continue;
      const usage = runOnce(contestant, folder);
      if (round > 0) usages.get(contestant.name)?.push(usage);
    }
  }
  return new Map([...usages].map(([name, all]) => [name, { ...medians(all), runs: all.length }]));
}

function runOnce({ name, program, args, input = '' }: Contestant, folder: string): Usage {
  const file = join(folder, 'usage');
  const started = performance.now();
  const { status, stderr } = spawnSync('/usr/bin/time', [...timeArguments(file), program, ...args], {
    cwd: folder,
    // crash obeys a .crashrc in the home folder.
    env: { ...process.env, HOME: folder, LC_ALL: 'C' },
    input,
    stdio: ['pipe', 'ignore', 'pipe'],
    maxBuffer: 1 << 26,
  });
  // GNU time rounds to hundredths of a second, of which `node -e 0` has a few.
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.toString('latin1').slice(-500)}`);
  return { ...parseUsage(readFileSync(file, 'utf8')), seconds };
}

function medians(usages: readonly Usage[]): Usage {
  const median = (value: (usage: Usage) => number) =>
    usages.map(value).sort((a, b) => a - b)[Math.floor(usages.length / 2)] ?? Number.NaN;
  return {
    seconds: median((usage) => usage.seconds),
    cpuSeconds: median((usage) => usage.cpuSeconds),
    peakBytes: median((usage) => usage.peakBytes),
  };
}
