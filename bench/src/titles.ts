import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { titleOf } from '@kcrash/report/title';

/**
 * Scores titles on a folder of reports: files that begin with `TITLE:`, `ALT:`, `TYPE:`, `FRAME:`, `CORRUPTED:`
 * lines and a blank line, and then hold a log.
 */
interface Expected {
  readonly titles: readonly string[];
  readonly kind: string | null;
  readonly corrupted: boolean;
  readonly log: string;
}

interface Scored {
  readonly file: string;
  readonly wanted: readonly string[];
  readonly got: string | null;
  readonly right: boolean;
  readonly kindWanted: string | null;
  readonly kindGot: string | null;
  readonly corruptedRight: boolean;
}

function parse(text: string): Expected {
  const blank = text.startsWith('\n') ? 0 : text.indexOf('\n\n');
  const header = text.slice(0, blank).split('\n');
  const rest = text.slice(blank + 1);
  const end = rest.search(/^REPORT:$/m);
  const all = (name: string) =>
    header.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
  return {
    titles: [...all('TITLE'), ...all('ALT')].filter((title) => title !== ''),
    kind: all('TYPE')[0] ?? null,
    corrupted: all('CORRUPTED')[0] === 'Y',
    log: end < 0 ? rest : rest.slice(0, end),
  };
}

function score(file: string, text: string): Scored {
  const expected = parse(text);
  const got = titleOf(expected.log);
  const right =
    expected.titles.length === 0 ? got === null : got !== null && expected.titles.includes(got.title);
  return {
    file,
    wanted: expected.titles,
    got: got?.title ?? null,
    right,
    kindWanted: expected.kind,
    kindGot: got?.kind ?? null,
    corruptedRight: (got?.corrupted ?? false) === expected.corrupted,
  };
}

function main(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const folder = positionals[0];
  if (folder === undefined) throw new Error('Usage: titles.ts [--json] FOLDER');
  const names = readdirSync(folder).sort((a, b) => Number(a) - Number(b));
  const scored = names.map((name) => score(name, readFileSync(join(folder, name), 'utf8')));
  const wrong = scored.filter((one) => !one.right);
  const crashes = scored.filter((one) => one.wanted.length > 0);
  const totals = {
    files: scored.length,
    right: scored.length - wrong.length,
    wrong: wrong.length,
    falsePositives: wrong.filter((one) => one.wanted.length === 0).length,
    missed: wrong.filter((one) => one.got === null).length,
    kindRight: crashes.filter((one) => (one.kindWanted ?? 'UNKNOWN') === one.kindGot).length,
    corruptedRight: scored.filter((one) => one.corruptedRight).length,
  };
  if (values.json) {
    console.log(JSON.stringify({ ...totals, reports: scored }, null, 1));
    return;
  }
  for (const one of wrong)
    console.log(
      `${one.file}\n  wanted ${one.wanted[0] ?? '(no crash)'}\n  got    ${one.got ?? '(no crash)'}`,
    );
  console.log(totals);
}

main();
