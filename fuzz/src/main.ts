// `npm run fuzz`: reads damaged dumps and fails where that ends in anything but an error of the library's own or a
// report of what is left. docs/fuzzing.md says how to use it.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { deviceBinary } from '../../scripts/device_binary.ts';
import type { Job, Limits } from './run_cases.ts';
import { writeSmallDumps } from './small_dumps.ts';
import { supervise, type WorkerCommand } from './supervisor.ts';
import { Tally } from './tally.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000' },
    first: { type: 'string', default: '0' },
    case: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    dump: { type: 'string', multiple: true, default: [] },
    dumps: { type: 'string' },
    percent: { type: 'string', default: '10' },
    small: { type: 'boolean', default: true },
    device: { type: 'boolean', default: false },
  },
  allowNegative: true,
});

/** Of the dumps in a folder that many are taken: more would only make each start slower. */
const MOST_FOUND = 2;
const MOST_AT_ONCE = 5000;
const NODE_LIMITS: Limits = { milliseconds: 2000, bytes: 256 << 20 };

function numbers(): number[] {
  if (values.case !== undefined) return [Number(values.case)];
  return Array.from({ length: Number(values.cases) }, (_, n) => Number(values.first) + n);
}

/** The smallest dumps that the lab left in a folder. */
function found(folder: string): string[][] {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.dump'))
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(a).size - statSync(b).size)
    .slice(0, MOST_FOUND)
    .map((path) => [path]);
}

function command(work: string): WorkerCommand {
  if (!values.device) {
    const worker = join(work, 'worker.mjs');
    // In one file, so that a long run is of one state of the code, and a worker starts at once.
    buildSync({
      entryPoints: [fileURLToPath(new URL('worker.node.ts', import.meta.url))],
      outfile: worker,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      sourcemap: 'inline',
    });
    return [process.execPath, '--expose-gc', '--max-old-space-size=1024', '--enable-source-maps', worker];
  }
  const program = join(work, 'fuzz-worker');
  deviceBinary('fuzz/src/worker.device.ts', program, 'fuzz');
  return [program];
}

async function main(): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'kcrash-fuzz-'));
  try {
    const given = values.dump.map((paths) => paths.split(','));
    const large = [...given, ...(values.dumps === undefined ? [] : found(values.dumps))];
    const small = values.small ? writeSmallDumps(work) : [];
    const tally = new Tally(Number(values.seed));
    const verbose = values.case !== undefined;
    const job = { seed: Number(values.seed), limits: NODE_LIMITS, verbose };
    const program = command(work);
    const jobs = Number(values.jobs);
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    await Promise.all(
      Array.from({ length: jobs }, async (_, n) => {
        const own = numbers().filter((number) => number % jobs === n);
        for (const part of split(own, small, large)) {
          await supervise(program, { ...job, ...part }, (line) => tally.hear(line), stop.signal);
        }
      }),
    );
    tally.print();
    if (tally.failures > 0) process.exitCode = 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Cases of small dumps and of large ones, by number, so that one case is the same whatever the others are. A
 * large dump costs a hundred times a small one: `--percent` says how many cases get one.
 */
function split(
  all: readonly number[],
  small: readonly string[][],
  large: readonly string[][],
): Pick<Job, 'samples' | 'numbers'>[] {
  const percent = small.length === 0 ? 100 : large.length === 0 ? 0 : Number(values.percent);
  const isLarge = (number: number) => number % 100 < percent;
  return [
    ...chunks(all.filter((number) => !isLarge(number))).map((numbers) => ({ samples: small, numbers })),
    ...chunks(all.filter(isLarge)).map((numbers) => ({ samples: large, numbers })),
  ];
}

/** A worker is told its cases in its command line, which has a limit. */
function chunks(numbers: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(numbers.length / MOST_AT_ONCE) }, (_, n) =>
    numbers.slice(n * MOST_AT_ONCE, (n + 1) * MOST_AT_ONCE),
  );
}

await main();
