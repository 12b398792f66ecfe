/** What running cases needs of a machine: there is one for Node, and one for the device's engine. */
export interface Platform {
  /** CPU time so far, of this process and of those that it started and that have ended. */
  cpuMilliseconds(): number;
  /** Starts to measure the most memory anew. */
  resetPeak(): void;
  /** The most memory that was resident since. */
  peakBytes(): number;
  /** Frees what nothing refers to, where the engine can be told so. */
  collectGarbage(): void;
  /** How often undamaged samples are read to learn what they cost: engines take what they like at first. */
  readonly warmUp: number;
  say(line: string): void;
}

/** What is damaged, and read then. */
export interface Subject {
  /** Undamaged: those that are read, and told of, before the first case. */
  readonly samples: readonly Reading[];
  /** The same for the same number. */
  makeCase(number: number): DamagedReading;
}

/** Something to read. */
export interface Reading {
  /** Of the sample that it is, or is made from. */
  readonly sample: string;
  /** Reads it all; says in a word what that came to. Throws what reading must not. */
  read(): string;
}

/** A damaged sample. */
export interface DamagedReading extends Reading {
  /** What was done to it, one phrase each. */
  readonly damage: readonly string[];
  /** What the case's cost is measured by. */
  readonly undamaged: Reading;
}

/** The work of one process. */
export interface Job {
  readonly target: TargetName;
  /** Files of each sample. */
  readonly samples: readonly (readonly string[])[];
  readonly seed: number;
  readonly numbers: readonly number[];
  readonly limits: Limits;
  /** Whether to print what each case does. */
  readonly verbose: boolean;
}

/** What can be fuzzed; docs/fuzzing.md describes each. */
export const TARGETS = ['dumps', 'device', 'pages', 'titles', 'programs'] as const;

/** One of them. */
export type TargetName = (typeof TARGETS)[number];

/** What a case may cost more than the undamaged dump. */
export interface Limits {
  readonly milliseconds: number;
  readonly bytes: number;
}

/** A line of a worker's output: `start` before a case, `damage` where that is wanted, `done` after it. */
export type Line =
  | { readonly kind: 'sample'; readonly name: string; readonly milliseconds: number; readonly bytes: number }
  | { readonly kind: 'start'; readonly number: number }
  | { readonly kind: 'damage'; readonly damage: readonly string[] }
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

/** Runs cases one after the other; every line of output is a `Line` as JSON. */
export function runCases(platform: Platform, job: Job, subject: Subject): void {
  const say = (line: Line) => platform.say(JSON.stringify(line));
  const healthy = new Map<string, Cost>();
  const costOf = (reading: Reading): Cost => {
    const cost = healthy.get(reading.sample) ?? measureHealthy(platform, reading);
    healthy.set(reading.sample, cost);
    return cost;
  };
  for (const reading of subject.samples) {
    say({ kind: 'sample', name: reading.sample, ...costOf(reading) });
  }
  for (const number of job.numbers) {
    say({ kind: 'start', number });
    const damaged = subject.makeCase(number);
    const { sample, damage } = damaged;
    if (job.verbose) say({ kind: 'damage', damage });
    const usual = costOf(damaged.undamaged);
    const most = {
      milliseconds: usual.milliseconds + job.limits.milliseconds,
      bytes: usual.bytes + job.limits.bytes,
    };
    let run = measured(platform, damaged);
    if (run.failure === undefined && (run.milliseconds > most.milliseconds || run.peak > most.bytes)) {
      // An engine's own housekeeping falls on some case or other: it is not the case's if it does not repeat.
      platform.collectGarbage();
      const again = measured(platform, damaged);
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
      sample,
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

function measureHealthy(platform: Platform, sample: Reading): Cost {
  let milliseconds = 0;
  let bytes = 0;
  for (let n = 0; n < platform.warmUp; n++) {
    const run = measured(platform, sample);
    if (run.failure !== undefined) throw new Error(`The undamaged ${sample.sample} fails: ${run.failure}`);
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

function measured(platform: Platform, reading: Reading): Measured {
  platform.resetPeak();
  const start = platform.cpuMilliseconds();
  let outcome = 'failed';
  let failure: string | undefined;
  try {
    outcome = reading.read();
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
