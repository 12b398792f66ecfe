import { DumpError } from '../bytes/errors.ts';

/**
 * Runs `work`; where the dump does not allow it, notes why in `problems` and gives undefined. Lets through what
 * is no fault of the dump: `io`, and errors that are no DumpError.
 */
export function attempt<T>(problems: string[], what: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
    problems.push(`${what}: ${error.message}`);
    return undefined;
  }
}
