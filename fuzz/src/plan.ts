import { TARGETS, type TargetName } from './run_cases.ts';

/** Files of each sample, by what a case of them costs. */
export interface Samples {
  readonly small: readonly (readonly string[])[];
  /** Real dumps: one costs a hundred times a small one. */
  readonly large: readonly (readonly string[])[];
  /** Console logs. */
  readonly logs: readonly (readonly string[])[];
}

/** Cases that one worker can do. */
export interface Part {
  readonly samples: readonly (readonly string[])[];
  readonly numbers: readonly number[];
}

/** A worker is told its cases in its command line, which has a limit. */
const MOST_AT_ONCE = 5000;

/** `titles` or `titles=500`: a target, and how many cases of it where the words say so. Throws for other words. */
export function parseTarget(word: string): { target: TargetName; cases: number | undefined } {
  const [name, count] = word.split('=');
  const target = TARGETS.find((each) => each === name);
  if (target === undefined || (count !== undefined && !/^\d+$/.test(count))) {
    throw new Error(`--target ${word}: wanted ${TARGETS.join(', ')}, or NAME=CASES`);
  }
  return { target, cases: count === undefined ? undefined : Number(count) };
}

/**
 * Divides the cases of a target among its samples, by number, so that one case is the same whatever the others are.
 * Where there are small samples, `percent` cases in a hundred get a large one.
 */
export function partsOf(
  target: TargetName,
  numbers: readonly number[],
  samples: Samples,
  percent: number,
): Part[] {
  const { logs } = samples;
  if (target === 'titles') return chunks(numbers, logs);
  // Small dumps have no memory map.
  const small = target === 'pages' ? [] : samples.small;
  // On the device's engine a real dump takes half a minute before its first case: only where there is no other.
  const large = target === 'device' && small.length > 0 ? [] : samples.large;
  const most = small.length === 0 ? 100 : large.length === 0 ? 0 : percent;
  const isLarge = (number: number) => number % 100 < most;
  const more = target === 'programs' ? logs : [];
  return [
    ...chunks(
      numbers.filter((number) => !isLarge(number)),
      [...small, ...more],
    ),
    ...chunks(numbers.filter(isLarge), [...large, ...more]),
  ];
}

function chunks(numbers: readonly number[], samples: Part['samples']): Part[] {
  return Array.from({ length: Math.ceil(numbers.length / MOST_AT_ONCE) }, (_, n) => ({
    samples,
    numbers: numbers.slice(n * MOST_AT_ONCE, (n + 1) * MOST_AT_ONCE),
  }));
}
