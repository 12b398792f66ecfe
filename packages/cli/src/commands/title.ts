import { readFileSync } from 'node:fs';
import { jsonLine } from '@kcrash/report/json_text';
import { type Title, titleOf } from '@kcrash/report/title';
import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import type { Io } from '../output.ts';

/** First bytes of files that are dumps, not logs. */
const DUMPS = ['KDUMP   ', '\x7fELF', 'makedumpfile'];

/** `kcrash title LOG…|-`: names the crash that console logs tell of. */
export function addTitleCommand(program: Command, { out }: Io): void {
  program
    .command('title')
    .description('name the crash in console logs, in the words of upstream’s bug reports')
    .argument('<logs...>', 'a serial capture or a dmesg file; - reads standard input')
    .option('--json', 'print JSON, an object a line for each file')
    .action((files: string[], options: { json?: true }) => {
      for (const file of files) {
        const title = titleOf(readLog(file));
        if (options.json) out.write(jsonLine(toJson(file, title)));
        else if (files.length === 1) out.line(title?.title ?? 'no crash found');
        else out.line(`${file}: ${title?.title ?? 'no crash found'}`);
      }
    });
}

function toJson(file: string, title: Title | null) {
  return {
    file,
    title: title?.title ?? null,
    kind: title?.kind ?? null,
    corrupted: title?.corrupted ?? false,
  };
}

/** Console logs may hold any bytes: what is no UTF-8 becomes U+FFFD, and no title depends on it. */
function readLog(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    throw new Failure(
      `${file} cannot be read: ${(error as Error).message}`,
      'Give a console log, or - for standard input.',
    );
  }
  const head = bytes.toString('latin1', 0, 16);
  if (DUMPS.some((signature) => head.startsWith(signature))) {
    throw new Failure(`${file} is a dump, not a log`, `kcrash log ${file} prints the log that is in it.`, 2);
  }
  try {
    return bytes.toString('utf8');
  } catch {
    throw new Failure(
      `${file} has ${bytes.length} bytes, more than can be read`,
      'Give its last part: tail -c 100M.',
    );
  }
}
