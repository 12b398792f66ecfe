// `npm run fuzz`: reads damaged dumps and logs, and fails where that ends in anything but an error of the library's
// own or what is left of them. docs/fuzzing.md says how to use it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { labConsoles, labDumps, writeLogs } from './found_samples.ts';
import { parseTarget, partsOf, type Samples } from './plan.ts';
import type { Limits } from './run_cases.ts';
import { writeSmallDumps } from './small_dumps.ts';
import { supervise } from './supervisor.ts';
import { Tally } from './tally.ts';
import { workerCommand } from './worker_command.ts';

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: ['dumps'] },
    cases: { type: 'string', default: '1000' },
    first: { type: 'string', default: '0' },
    case: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    dump: { type: 'string', multiple: true, default: [] },
    lab: { type: 'string' },
    percent: { type: 'string', default: '10' },
    small: { type: 'boolean', default: true },
  },
  allowNegative: true,
});

const LIMITS: Limits = { milliseconds: 2000, bytes: 256 << 20 };

function samplesIn(folder: string): Samples {
  const { dump, lab, small } = values;
  const given = dump.map((paths) => paths.split(','));
  return {
    small: small ? writeSmallDumps(folder) : [],
    large: lab === undefined ? given : [...given, ...labDumps(lab)],
    logs: lab === undefined ? writeLogs(folder) : [...writeLogs(folder), ...labConsoles(lab)],
  };
}

/** Case numbers of a target. */
function numbersOf(cases: number): number[] {
  if (values.case !== undefined) return [Number(values.case)];
  return Array.from({ length: cases }, (_, n) => Number(values.first) + n);
}

async function main(folder: string): Promise<number> {
  const samples = samplesIn(folder);
  const work = values.target.map(parseTarget).map(({ target, cases }) => ({
    target,
    numbers: numbersOf(cases ?? Number(values.cases)),
    command: workerCommand(target, folder),
  }));
  const seed = Number(values.seed);
  const jobs = Number(values.jobs);
  const tally = new Tally(
    seed,
    work.reduce((sum, { numbers }) => sum + numbers.length, 0),
  );
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const rest = { seed, limits: LIMITS, verbose: values.case !== undefined };
  const runShare = async (n: number) => {
    for (const { target, numbers, command } of work) {
      const own = numbers.filter((number) => number % jobs === n);
      for (const part of partsOf(target, own, samples, Number(values.percent))) {
        const heard = tally.listener(target);
        await supervise(command, { target, ...rest, ...part }, heard, stop.signal);
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, (_, n) => runShare(n)));
  tally.print();
  return tally.failures > 0 || stop.signal.aborted ? 1 : 0;
}

const folder = mkdtempSync(join(tmpdir(), 'kcrash-fuzz-'));
try {
  process.exitCode = await main(folder);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
