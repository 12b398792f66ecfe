import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Problem, SectionName } from '../report.ts';

/** A sound report has few; a damaged dump may give one for each of a million objects. */
const MOST_IN_SECTION = 50;

/** Collects what the dump does not tell, section by section: none takes another with it. */
export class Problems {
  readonly all: Problem[] = [];
  readonly #messages = new Map<SectionName, Set<string>>();

  /**
   * Runs the work of a section; where the dump does not allow it, notes why and gives `otherwise`. Lets through
   * what is no fault of the dump: `io`, and errors that are no DumpError.
   */
  attempt<T, U>(section: SectionName, otherwise: U, work: () => T): T | U {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof DumpError) || error.code === 'io') throw error;
      this.note(section, error.message);
      return otherwise;
    }
  }

  /** Notes one, unless it is known already. */
  note(section: SectionName, message: string): void {
    const messages = this.#messages.get(section) ?? new Set();
    this.#messages.set(section, messages);
    if (messages.has(message) || messages.size > MOST_IN_SECTION) return;
    messages.add(message);
    const isLast = messages.size > MOST_IN_SECTION;
    this.all.push({ section, message: isLast ? 'and more of this kind' : message });
  }

  /** Notes what a part of the library says of its own. */
  take(section: SectionName, messages: readonly string[]): void {
    for (const message of messages) this.note(section, message);
  }
}
