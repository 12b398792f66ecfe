import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import type { Codecs } from '@kcrash/vmcore/codecs/codec';
import { makeCase } from './case.ts';
import { exercise } from './exercise.ts';
import { makeSample, type Sample } from './sample.ts';

/** What running cases needs of a machine: there is one for Node, and one for the device's engine. */
export interface Platform {
  readonly codecs: Partial<Codecs>;
  open(path: string): ByteSource;
  /** CPU time of this process so far. */
  cpuMilliseconds(): number;
  /** Starts to measure the most memory anew. */
  resetPeak(): void;
  /** The most memory that was resident since. */
  peakBytes(): number;
  /** Frees what nothing refers to, where the engine can be told so. */
  collectGarbage(): void;
  say(line: string): void;
}

/** The work of one process. */
export interface Job {
  /** Files of each sample. */
  readonly samples: readonly (readonly string[])[];
  readonly seed: number;
  readonly numbers: readonly number[];
  readonly limits: Limits;
  /** Whether to print what each case does. */
  readonly verbose: boolean;
}

/** What a case may cost more than the undamaged dump. */
export interface Limits {
  readonly milliseconds: number;
  readonly bytes: number;
}

/** A line of a worker's output: `start` before a case, `done` after it. */
export type Line =
  | { readonly kind: 'sample'; readonly name: string; readonly milliseconds: number; readonly bytes: number }
  | { readonly kind: 'start'; readonly number: number }
  | {
      readonly kind: 'done';
      readonly number: number;
      readonly sample: string;
      readonly outcome: string;
      readonly milliseconds: number;
      /** Above the undamaged dump's. */
      readonly bytes: number;
      readonly damage: readonly string[];
      /** Why the case failed. */
      readonly failure: string | undefined;
    };

/** Undamaged runs before memory is measured: engines take what they like at first. */
const WARM_UP = 4;

/** Runs cases one after the other; every line of output is a `Line` as JSON. */
export function runCases(platform: Platform, job: Job): void {
  const say = (line: Line) => platform.say(JSON.stringify(line));
  const samples = job.samples.map((paths) => makeSample(baseName(paths[0] ?? ''), paths.map(platform.open)));
  const healthy = new Map<Sample, Cost>();
  for (const sample of samples) {
    const cost = measureHealthy(platform, sample);
    healthy.set(sample, cost);
    say({ kind: 'sample', name: sample.name, ...cost });
  }
  for (const number of job.numbers) {
    say({ kind: 'start', number });
    const { sample, files, damage } = makeCase(samples, job.seed, number);
    if (job.verbose) platform.say(JSON.stringify({ kind: 'damage', damage }));
    const usual = healthy.get(sample) ?? { milliseconds: 0, bytes: 0 };
    const most = {
      milliseconds: usual.milliseconds + job.limits.milliseconds,
      bytes: usual.bytes + job.limits.bytes,
    };
    let run = measured(platform, files);
    if (run.failure === undefined && (run.milliseconds > most.milliseconds || run.peak > most.bytes)) {
      // An engine's own housekeeping falls on some case or other: it is not the case's if it does not repeat.
      platform.collectGarbage();
      const again = measured(platform, files);
      run = {
        ...again,
        milliseconds: Math.min(run.milliseconds, again.milliseconds),
        peak: Math.min(run.peak, again.peak),
      };
    }
    const bytes = run.peak - usual.bytes;
    say({
      kind: 'done',
      number,
      sample: sample.name,
      outcome: run.outcome,
      milliseconds: run.milliseconds,
      bytes,
      damage,
      failure: run.failure ?? tooMuch(run, most, bytes),
    });
  }
}

interface Cost {
  readonly milliseconds: number;
  readonly bytes: number;
}

function measureHealthy(platform: Platform, sample: Sample): Cost {
  let milliseconds = 0;
  let bytes = 0;
  for (let n = 0; n < WARM_UP; n++) {
    const run = measured(platform, sample.files);
    if (run.failure !== undefined) throw new Error(`The undamaged ${sample.name} fails: ${run.failure}`);
    milliseconds = run.milliseconds;
    bytes = Math.max(bytes, run.peak);
  }
  return { milliseconds, bytes };
}

interface Measured {
  readonly outcome: string;
  readonly failure: string | undefined;
  readonly milliseconds: number;
  readonly peak: number;
}

function measured(platform: Platform, files: readonly ByteSource[]): Measured {
  platform.resetPeak();
  const start = platform.cpuMilliseconds();
  let outcome = 'failed';
  let failure: string | undefined;
  try {
    outcome = exercise(files, platform.codecs).outcome;
  } catch (error) {
    failure =
      error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error);
  }
  return { outcome, failure, milliseconds: platform.cpuMilliseconds() - start, peak: platform.peakBytes() };
}

function tooMuch(run: Measured, most: Cost, above: number): string | undefined {
  if (run.milliseconds > most.milliseconds) return `took ${Math.round(run.milliseconds)} ms of CPU time`;
  if (run.peak > most.bytes) return `took ${Math.round(above / 2 ** 20)} MiB more than the undamaged dump`;
  return undefined;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
