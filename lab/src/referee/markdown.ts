import { cpus, totalmem } from 'node:os';
import { basename } from 'node:path';
import type { Row } from './verdict.ts';

/** What a document tells of one run. */
export interface RunReport {
  /** Arguments after `lab referee`. */
  readonly args: readonly string[];
  readonly rows: readonly Row[];
}

/** A section with all rows of a run and what is behind them. */
export function refereeSection({ args, rows }: RunReport, circumstances: string): string {
  const command = ['npm run lab -- referee', ...args.map((each) => basename(each))].join(' ');
  const table = rows.map(({ check, tool, outcome, notes }) => {
    const compared = notes.find((note) => note.startsWith(COMPARED))?.slice(COMPARED.length) ?? '';
    return `| ${[check, tool, outcome === 'cannot' ? 'the tool fails' : outcome, cell(compared)].join(' | ')} |`;
  });
  const behind = rows.flatMap(({ check, tool, differences, notes }) => [
    ...differences.map((each) => `- ${check}, ${tool}: **${cell(each)}**`),
    ...notes.filter((note) => !note.startsWith(COMPARED)).map((each) => `- ${check}, ${tool}: ${cell(each)}`),
  ]);
  const head = ['| check | by | verdict | compared |', '| --- | --- | --- | --- |'];
  return [`\`${command}\`: ${circumstances}.`, '', ...head, ...table, '', ...behind].join('\n');
}

const COMPARED = 'compared: ';

/** Text as Markdown on one line; of a path of this machine its last part. */
function cell(text: string): string {
  return text
    .replace(/(?:\/[\w.+~-]+){3,}/g, (path) => basename(path))
    .replace(/[|*_<>\\`[\]]/g, '\\$&')
    .replace(/\s+/g, ' ');
}

/** Day and machine. */
export function circumstancesHere(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${new Date().toISOString().slice(0, 10)}, on ${cpus().length} cores with ${memory} GiB`;
}

/** Puts a section into a document in place of the one of that title, or behind all others; the rest stays. */
export function withSection(document: string, title: string, section: string): string {
  const heading = `## ${title}\n`;
  const text = `${heading}\n${section.trimEnd()}\n`;
  const start = document.indexOf(heading);
  if (start < 0) return `${document.trimEnd()}\n\n${text}`;
  const next = document.indexOf('\n## ', start + heading.length);
  return document.slice(0, start) + text + (next < 0 ? '' : document.slice(next));
}
