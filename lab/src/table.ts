import type { Verdict } from './run.ts';
import type { Scenario } from './scenario.ts';

/** Rows of cells with columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function listing(scenarios: readonly Scenario[]): string {
  return columns(scenarios.map(({ name, group, core, shows }) => [name, group, core ? 'core' : '', shows]));
}

export function textTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) => [
    verdict.scenario,
    verdict.kernel,
    verdict.passed ? 'pass' : 'FAIL',
    verdict.seconds.toFixed(0),
    accidents(verdict),
  ]);
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  const table = columns([['scenario', 'kernel', 'verdict', 'seconds', ''], ...rows]);
  const failures = verdicts.flatMap(({ scenario, failures }) =>
    failures.map((each) => `${scenario}: ${each}`),
  );
  return [table, ...failures, `${passed} passed, ${verdicts.length - passed} failed`].join('\n');
}

/** A document with the verdicts; `circumstances` says when, where and on what they were reached. */
export function markdownDocument(
  verdicts: readonly Verdict[],
  scenarios: readonly Scenario[],
  circumstances: string,
): string {
  const failed = verdicts.filter(({ passed }) => !passed).length;
  return `# Support matrix

Made by \`npm run lab -- run --all --markdown docs/support-matrix.md\`: ${circumstances}.
${verdicts.length - failed} passed, ${failed} failed. Seconds are those of emulated guests, two side by side.

${markdownTable(verdicts, scenarios)}`;
}

function markdownTable(verdicts: readonly Verdict[], scenarios: readonly Scenario[]): string {
  const rows = verdicts.map((verdict) => {
    const shows = scenarios.find(({ name }) => name === verdict.scenario)?.shows ?? '';
    const cells = [`\`${verdict.scenario}\``, shows, verdict.kernel, verdict.passed ? 'pass' : '**fail**'];
    return `| ${[...cells, verdict.seconds.toFixed(0), accidents(verdict)].join(' | ')} |`;
  });
  const head = '| scenario | what it shows | kernel | verdict | seconds | boots repeated |';
  return `${[head, '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n')}\n`;
}

function accidents({ accidents: { length } }: Verdict): string {
  return length === 0 ? '' : `${length} emulation accident${length === 1 ? '' : 's'}`;
}
