import { columns } from '../table.ts';
import type { Finding } from './finding.ts';
import { KNOWN_LIMITS, type KnownLimit } from './known_limits.ts';
import type { Usage } from './measure.ts';

/** `cannot`: the tool's own, known failure; it fails nothing, but is always shown. */
export type Outcome = 'pass' | 'fail' | 'cannot';

export interface Row {
  readonly check: string;
  readonly dump: string;
  /** Name and version. */
  readonly tool: string;
  readonly outcome: Outcome;
  readonly differences: readonly string[];
  readonly notes: readonly string[];
}

export interface Measurement {
  readonly tool: string;
  readonly dump: string;
  readonly work: string;
  readonly usage: Usage;
}

export interface Judgement extends Finding {
  readonly check: string;
  readonly dump: string;
  readonly tool: string;
  /** What the tool printed, which may tell of a limit of its own. */
  readonly said?: string;
}

/** Makes a row of a finding: differences that are all known limits of the tool are the tool's failure. */
export function judge(judgement: Judgement, limits: readonly KnownLimit[] = KNOWN_LIMITS): Row {
  const { check, dump, tool, differences, notes, said = '' } = judgement;
  const applying = limits.filter(
    (limit) => limit.check.test(check) && limit.tool.test(tool) && (limit.said?.test(said) ?? true),
  );
  const explained = differences.map((difference) =>
    applying.find((limit) => limit.difference.test(difference)),
  );
  const known = differences.length > 0 && explained.every((limit) => limit !== undefined);
  const outcome = differences.length === 0 ? 'pass' : known ? 'cannot' : 'fail';
  const why = known ? [...new Set(explained.map((limit) => `known: ${limit?.why}`))] : [];
  return { check, dump, tool, outcome, differences, notes: [...notes, ...why] };
}

/** Exit status of the whole. */
export function exitStatus(rows: readonly Row[]): 0 | 1 {
  return rows.length > 0 && rows.every(({ outcome }) => outcome !== 'fail') ? 0 : 1;
}

const WORD = { pass: 'pass', fail: 'FAIL', cannot: 'tool fails' } as const;

/** The table of checks, what is behind each, and what each tool took. */
export function refereeTable(rows: readonly Row[], measurements: readonly Measurement[]): string {
  const table = columns([
    ['dump', 'check', 'by', 'verdict'],
    ...rows.map(({ dump, check, tool, outcome }) => [dump, check, tool, WORD[outcome]]),
  ]);
  const behind = rows.flatMap(({ dump, check, tool, differences, notes }) => [
    ...differences.map((each) => `${dump}, ${check} by ${tool}: ${each}`),
    ...notes.map((each) => `${dump}, ${check} by ${tool}: (${each})`),
  ]);
  const costs = columns([
    ['dump', 'what', 'by', 'seconds', 'CPU s', 'peak MB'],
    ...measurements.map(({ dump, work, tool, usage }) => [
      dump,
      work,
      tool,
      usage.seconds.toFixed(2),
      usage.cpuSeconds.toFixed(2),
      (usage.peakBytes / 1e6).toFixed(0),
    ]),
  ]);
  const count = (outcome: Outcome) => rows.filter((row) => row.outcome === outcome).length;
  const total = `${count('pass')} of ${rows.length} pass, ${count('fail')} fail, ${count('cannot')} where the tool itself fails`;
  return [table, '', ...behind, '', costs, '', total].join('\n');
}
