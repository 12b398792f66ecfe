import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCUMENT = join(ROOT, 'docs/benchmarks.md');

/** Records a table in docs/benchmarks.md, in the form that the linter wants. Throws where it has no place there. */
export function recordTable(name: string, text: string): void {
  writeFileSync(DOCUMENT, replaceTable(readFileSync(DOCUMENT, 'utf8'), name, text));
  execFileSync(join(ROOT, 'node_modules/.bin/biome'), ['format', '--write', DOCUMENT], { cwd: ROOT });
}

/** Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->` in a document. Throws where there is no such place. */
function replaceTable(document: string, name: string, text: string): string {
  const begin = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The document has no place for ${name}: ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${document.slice(to)}`;
}
