import type { Line } from './run_cases.ts';

const MOST_PRINTED = 20;
/** Between two lines of progress: on a terminal the line is written over. */
const PROGRESS_MILLISECONDS = process.stderr.isTTY ? 2000 : 60_000;

/** Counts what cases came to, and prints it. */
export class Tally {
  failures = 0;
  readonly #seed: number;
  readonly #outcomes = new Map<string, number>();
  readonly #started = Date.now();
  #cases = 0;
  #cpu = 0;
  #slowest = { milliseconds: 0, number: -1 };
  #largest = { bytes: 0, number: -1 };
  #told = Date.now();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Takes a line of a worker. */
  hear(line: Line): void {
    if (line.kind === 'sample') {
      console.log(
        `${line.name}: undamaged ${Math.round(line.milliseconds)} ms of CPU time, ${mebibytes(line.bytes)} MiB`,
      );
    } else if (line.kind === 'done') this.#done(line);
    else if (line.kind !== 'start') console.log(line);
  }

  /** The result of the run. */
  print(): void {
    const seconds = (Date.now() - this.#started) / 1000;
    const outcomes = [...this.#outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
    console.log(`${this.#cases} cases of seed ${this.#seed}: ${outcomes}`);
    console.log(
      `${seconds.toFixed(1)} s, ${(this.#cases / seconds).toFixed(1)} cases/s, ${(this.#cpu / 1000).toFixed(1)} s of CPU time in cases`,
    );
    console.log(
      `slowest: ${Math.round(this.#slowest.milliseconds)} ms of CPU time (case ${this.#slowest.number}); most memory: ${mebibytes(this.#largest.bytes)} MiB above the undamaged dump (case ${this.#largest.number})`,
    );
    console.log(`${this.failures} failures`);
  }

  #done(line: Extract<Line, { kind: 'done' }>): void {
    this.#cases++;
    this.#cpu += line.milliseconds;
    const outcome = line.failure === undefined ? line.outcome : 'failed';
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    if (line.milliseconds > this.#slowest.milliseconds) this.#slowest = line;
    if (line.bytes > this.#largest.bytes) this.#largest = line;
    if (line.failure !== undefined) this.#failed(line, line.failure);
    if (Date.now() - this.#told > PROGRESS_MILLISECONDS) {
      this.#told = Date.now();
      process.stderr.write(
        `${this.#cases} cases, ${this.failures} failures${process.stderr.isTTY ? '\r' : '\n'}`,
      );
    }
  }

  #failed(line: Extract<Line, { kind: 'done' }>, failure: string): void {
    this.failures++;
    if (this.failures > MOST_PRINTED) return;
    console.log(
      `FAILED --seed ${this.#seed} --case ${line.number} ${line.sample}: ${line.damage.join('; ')}\n  ${failure.replaceAll('\n', '\n  ')}`,
    );
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
