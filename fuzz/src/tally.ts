import type { Line, TargetName } from './run_cases.ts';

type Done = Extract<Line, { kind: 'done' }>;

const MOST_PRINTED = 20;
/** Between two lines of progress: on a terminal the line is written over. */
const PROGRESS_MILLISECONDS = process.stderr.isTTY ? 1000 : 15_000;

/** What the cases of a target came to. */
class Count {
  readonly outcomes = new Map<string, number>();
  cases = 0;
  cpu = 0;
  slowest = { milliseconds: 0, number: -1 };
  largest = { bytes: 0, number: -1 };

  add(line: Done): void {
    this.cases++;
    this.cpu += line.milliseconds;
    const outcome = line.failure === undefined ? line.outcome : 'failed';
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    if (line.milliseconds > this.slowest.milliseconds) this.slowest = line;
    if (line.bytes > this.largest.bytes) this.largest = line;
  }
}

/** Counts what cases came to, and prints it. */
export class Tally {
  failures = 0;
  readonly #seed: number;
  readonly #expected: number;
  readonly #counts = new Map<TargetName, Count>();
  /** Samples told of: each worker reads them. */
  readonly #samples = new Set<string>();
  readonly #started = Date.now();
  #cases = 0;
  #told = Date.now();

  /** `expected` is the number of cases of the whole run. */
  constructor(seed: number, expected: number) {
    this.#seed = seed;
    this.#expected = expected;
  }

  /** Takes the lines of a worker. */
  listener(target: TargetName): (line: Line) => void {
    const count = this.#counts.get(target) ?? new Count();
    this.#counts.set(target, count);
    return (line) => {
      if (line.kind === 'done') {
        count.add(line);
        this.#cases++;
        if (line.failure !== undefined) this.#failed(target, line, line.failure);
      } else if (line.kind === 'sample') {
        this.#sample(`${target}: ${line.name}`, line);
      } else if (line.kind === 'damage') this.#say(line.damage.join('\n'));
      this.#progress();
    };
  }

  /** The result of the run. */
  print(): void {
    for (const [target, { outcomes, cases, cpu, slowest, largest }] of this.#counts) {
      const all = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
      this.#say(
        `${target}: ${cases} cases of seed ${this.#seed}: ${all}; ${(cpu / 1000).toFixed(1)} s of CPU time in them`,
      );
      this.#say(
        `${target}: slowest: ${Math.round(slowest.milliseconds)} ms of CPU time (case ${slowest.number}); most memory: ${mebibytes(largest.bytes)} MiB above the undamaged (case ${largest.number})`,
      );
    }
    const seconds = (Date.now() - this.#started) / 1000;
    this.#say(`${this.#cases} cases in ${seconds.toFixed(1)} s, ${this.failures} failures`);
  }

  #sample(which: string, { milliseconds, bytes }: { milliseconds: number; bytes: number }): void {
    if (this.#samples.has(which)) return;
    this.#samples.add(which);
    this.#say(`${which} undamaged: ${Math.round(milliseconds)} ms of CPU time, ${mebibytes(bytes)} MiB`);
  }

  #progress(): void {
    if (Date.now() - this.#told < PROGRESS_MILLISECONDS) return;
    this.#told = Date.now();
    const text = `${this.#cases} of ${this.#expected} cases, ${this.failures} failures`;
    process.stderr.write(process.stderr.isTTY ? `\r${text}\x1b[K` : `${text}\n`);
  }

  #failed(target: TargetName, line: Done, failure: string): void {
    this.failures++;
    if (this.failures > MOST_PRINTED) return;
    const which = `--target ${target} --seed ${this.#seed} --case ${line.number}`;
    this.#say(
      `FAILED ${which} ${line.sample}: ${line.damage.join('; ')}\n  ${failure.replaceAll('\n', '\n  ')}`,
    );
  }

  /** A line below that of the progress. */
  #say(text: string): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    console.log(text);
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
