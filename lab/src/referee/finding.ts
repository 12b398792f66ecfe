/** What a comparison came to. */
export interface Finding {
  /** What is wrong: what was wanted, what was found, and where. None means that all agrees. */
  readonly differences: readonly string[];
  /** What was allowed for, so that nothing is forgiven silently. */
  readonly notes: readonly string[];
}

/** Collects a finding; each value that differs is said with both sides. */
export class FindingBuilder implements Finding {
  readonly differences: string[] = [];
  readonly notes: string[] = [];

  /** Complains unless both are the same. */
  equal(what: string, found: unknown, wanted: unknown): void {
    if (found !== wanted) this.differ(what, show(found), show(wanted));
  }

  differ(what: string, found: string, wanted: string): void {
    this.differences.push(`${what}: found ${found}, wanted ${wanted}`);
  }

  note(text: string): void {
    this.notes.push(text);
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
