import { type Finding, FindingBuilder } from './finding.ts';

/** Lines that are shown of all that differ. */
const SHOWN = 8;

/**
 * Holds what a tool says of a minimal dump against what it says of the whole memory, line by line. A null is an output
 * that never came. What the tool cannot do on the whole memory either, by a line that begins with `complaint`, is a difference
 * as well, so that it is named.
 */
export function compareOutputs(minimal: string | null, full: string | null, complaint: string): Finding {
  const finding = new FindingBuilder();
  if (minimal === null || full === null) {
    finding.differ('output', minimal === null ? 'none' : 'some', full === null ? 'none' : 'some');
    if (full === null) finding.differences.push('whole memory: no output');
    return finding;
  }
  const [found, wanted] = [linesOf(minimal), linesOf(full)];
  finding.note(`compared: ${wanted.length} lines`);
  if (wanted.length === 0) finding.differences.push('whole memory: no output');
  for (const line of complaints(wanted, complaint)) finding.differences.push(`whole memory: ${line}`);
  const [missing, extra] = [without(wanted, found), without(found, wanted)];
  for (const line of missing.slice(0, SHOWN)) finding.differences.push(`missing: ${line}`);
  for (const line of extra.slice(0, SHOWN)) finding.differences.push(`instead: ${line}`);
  if (missing.length + extra.length > 2 * SHOWN)
    finding.differences.push(`lines missing: ${missing.length}, lines instead: ${extra.length}`);
  if (missing.length + extra.length === 0 && found.join('\n') !== wanted.join('\n'))
    finding.differences.push('the same lines in another order');
  return finding;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** The lines of one text that another lacks, each as often as it does. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}

/** Each kind of complaint once, whatever address or number it names. */
function complaints(lines: readonly string[], begin: string): string[] {
  const kinds = new Map<string, { line: string; count: number }>();
  for (const line of lines) {
    if (!line.startsWith(begin)) continue;
    const kind = line.replace(/\b(?:0x)?[0-9a-f]{6,}\b|\d+/g, '#');
    const seen = kinds.get(kind);
    if (seen === undefined) kinds.set(kind, { line, count: 1 });
    else seen.count += 1;
  }
  return [...kinds.values()].map(({ line, count }) => (count === 1 ? line : `${line} (${count} such lines)`));
}
