import { type Finding, FindingBuilder } from './finding.ts';

const SHOWN = 3;

/**
 * Compares crash's `log` with the collected log, line by line. One thing is allowed for, and counted: a byte
 * that is no printable ASCII is `\x1b` in the collected log and a dot from crash.
 */
export function compareLog(found: string, wanted: string): Finding {
  const finding = new FindingBuilder();
  const [foundLines, wantedLines] = [linesOf(found), linesOf(wanted)];
  finding.equal('number of lines', foundLines.length, wantedLines.length);
  let dotted = 0;
  let different = 0;
  for (const [index, line] of wantedLines.entries()) {
    const other = foundLines[index];
    if (other === undefined || other === line) continue;
    if (other === line.replace(/\\x[0-9a-f]{2}/g, '.')) {
      dotted += 1;
      continue;
    }
    different += 1;
    if (different <= SHOWN) finding.equal(`line ${index + 1}`, other, line);
  }
  if (different > SHOWN) finding.differ('lines', `${different - SHOWN} more that differ`, 'none');
  if (dotted > 0)
    finding.note(`${dotted} lines have bytes that are no ASCII: \\x.. in the log, a dot from crash`);
  return finding;
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}
