/** Collects what is wrong with a run, each finding with what was wanted, what was found and where. */
export class Checks {
  readonly #failures: string[] = [];
  readonly #where: string;

  constructor(where = '', failures: string[] = []) {
    this.#where = where;
    this.#failures = failures;
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  /** The same collection, with a place added to what it says. */
  at(where: string): Checks {
    return new Checks(this.#where === '' ? where : `${this.#where}: ${where}`, this.#failures);
  }

  fail(wanted: string, found: string): void {
    this.#failures.push(`${this.#where}: wanted ${wanted}; found ${found}`);
  }

  /** Returns `ok`, so that what depends on it can be left out. */
  that(ok: boolean, wanted: string, found: unknown): boolean {
    if (!ok) this.fail(wanted, show(found));
    return ok;
  }

  equal(found: unknown, wanted: unknown): boolean {
    return this.that(found === wanted, show(wanted), found);
  }

  same(found: readonly string[], wanted: readonly string[]): boolean {
    return this.that(
      found.join('\n') === wanted.join('\n'),
      `[${wanted.join(', ')}]`,
      `[${found.join(', ')}]`,
    );
  }

  matches(found: string, wanted: RegExp): boolean {
    return this.that(wanted.test(found), `text that matches ${wanted}`, found);
  }

  lacks(found: string, unwanted: RegExp): boolean {
    const match = unwanted.exec(found);
    return this.that(match === null, `nothing that matches ${unwanted}`, match?.[0]);
  }

  between(found: number, from: number, to: number): boolean {
    return this.that(found >= from && found <= to, `a number from ${from} to ${to}`, found);
  }
}

/** A value as a finding shows it: the end of a long text, where logs have what matters. */
function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length <= 300 ? text : `…${text.slice(-300)} (${text.length} characters)`;
}
