import { type Finding, FindingBuilder } from './finding.ts';

/**
 * How a tool writes what the collected log has as makedumpfile writes it. A byte that is no printable ASCII, `\x1b`
 * in the collected log (from makedumpfile 1.7.2 also `\xffffffc3`): a dot from crash, the byte itself from drgn. Further lines of a message: indented under its
 * text in the collected log and by crash, at the margin by drgn.
 */
export type LogDialect = 'crash' | 'drgn';

const SHOWN = 3;
const PREFIX = /^\[ *\d+\.\d{6}\] (?:\[ *[TC]\d+\] )?/;

/** Compares a tool's log with the collected log, line by line; what its dialect accounts for is counted. */
export function compareLog(found: string, wanted: string, dialect: LogDialect): Finding {
  const finding = new FindingBuilder();
  const [foundLines, wantedLines] = [linesOf(found), linesOf(wanted)];
  finding.equal('number of lines', foundLines.length, wantedLines.length);
  let accounted = 0;
  let different = 0;
  let indent = '';
  for (const [index, line] of wantedLines.entries()) {
    const prefix = PREFIX.exec(line)?.[0];
    if (prefix !== undefined) indent = ' '.repeat(prefix.length);
    const other = foundLines[index];
    if (other === undefined || other === line) continue;
    if (other === inDialect(line, prefix === undefined ? indent : '', dialect)) accounted += 1;
    else {
      different += 1;
      if (different <= SHOWN) finding.equal(`line ${index + 1}`, other, line);
    }
  }
  if (different > SHOWN) finding.differ('lines', `${different - SHOWN} more that differ`, 'none');
  if (accounted > 0)
    finding.note(`lines that differ only by how ${dialect} writes ${WRITES[dialect]}: ${accounted}`);
  return finding;
}

const WRITES: Record<LogDialect, string> = {
  crash: 'bytes that are no ASCII',
  drgn: 'bytes that are no ASCII and further lines of a message',
};

function inDialect(line: string, indent: string, dialect: LogDialect): string {
  const escaped = /\\x(?:ffffff)?([0-9a-f]{2})/g;
  const byte = (_: string, digits: string) => String.fromCharCode(Number.parseInt(digits, 16));
  if (dialect === 'crash') return line.replace(escaped, '.');
  const atMargin = line.startsWith(indent) ? line.slice(indent.length) : line;
  return atMargin.replace(escaped, byte);
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}
