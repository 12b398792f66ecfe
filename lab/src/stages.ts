/** Tells, line by line, how far a scenario has come. */
export class Stages {
  readonly #name: string;
  readonly #print: (line: string) => void;
  readonly #started = performance.now();
  #cycle = '';
  #last = '';

  constructor(name: string, print: (line: string) => void) {
    this.#name = name;
    this.#print = print;
  }

  /** A new power cycle begins. */
  cycle(number: number, of: number): void {
    this.#cycle = of === 1 ? '' : ` ${number}/${of}`;
    this.#last = '';
  }

  /** The machine has come to a stage. */
  reached(stage: string): void {
    this.say(this.#last === '' ? stage : `${this.#last} → ${stage}`);
    this.#last = stage;
  }

  say(line: string): void {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1);
    this.#print(`[${this.#name}${this.#cycle}] ${seconds} s  ${line}`);
  }
}
