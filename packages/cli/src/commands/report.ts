import { writeFileSync } from 'node:fs';
import { htmlReport } from '@kcrash/report/html/html_report';
import { jsonLine } from '@kcrash/report/json_text';
import { makeReport } from '@kcrash/report/make_report';
import type { Role } from '@kcrash/report/text/page';
import { textReport } from '@kcrash/report/text/text_report';
import type { Dump } from '@kcrash/vmcore/dump';
import { classifyPages } from '@kcrash/vmcore/pages/classify';
import { type PagePicture, pagePicture } from '@kcrash/vmcore/pages/page_picture';
import { planPages } from '@kcrash/vmcore/pages/plan';
import { type Command, InvalidArgumentError } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io, Output, Style } from '../output.ts';

interface Options extends DumpOptions {
  readonly html?: true;
  readonly pages?: true;
  readonly output?: string;
  readonly log?: number;
}

/** What the parts of the text look like on a terminal. */
const STYLES: Readonly<Record<Role, Style>> = {
  title: ['red', 'bold'],
  heading: 'bold',
  bad: 'red',
  name: 'cyan',
  dim: 'dim',
};

/** `kcrash report DUMP`: what happened, as text, JSON or one HTML file. */
export function addReportCommand(program: Command, { out }: Io): void {
  dumpCommand(program, 'report', 'say what happened: crash, stacks, who waits for whom, memory, modules, log')
    .option('--html', 'print one self-contained HTML file')
    .option('--pages', 'with a map of memory in the HTML, by what each page is used for')
    .option(
      '-o, --output <file>',
      'write to a file; html or json by its ending, unless an option says otherwise',
    )
    .option('--log <messages>', 'so many of the log’s last messages in the text', wholeNumber)
    .action((file: string, options: Options) => {
      const form = formOf(options);
      if (options.pages && form !== 'html') {
        throw new Failure(
          'Only HTML has a map of memory',
          'Give --html too; kcrash pages prints numbers.',
          2,
        );
      }
      const dump = openDumpFile(file, options);
      const report = makeReport(dump);
      if (form === 'json') deliver(out, options, jsonLine(report));
      else if (form === 'html') {
        deliver(out, options, htmlReport(report, options.pages && picture(dump)));
      } else deliver(out, options, textReport(report, textOptions(out, options)));
    });
}

/** Takes as long as the report itself, so it is made where it is asked for. */
function picture(dump: Dump): PagePicture {
  return pagePicture(classifyPages(dump).classes, planPages(dump), dump.physical.pageSize);
}

function formOf({ json, html, output }: Options): 'text' | 'json' | 'html' {
  if (json && html)
    throw new Failure('A report is JSON or HTML, not both', 'Give one of --json and --html.', 2);
  if (json) return 'json';
  if (html) return 'html';
  if (output?.endsWith('.json')) return 'json';
  return /\.html?$/.test(output ?? '') ? 'html' : 'text';
}

function textOptions(out: Output, { output, log }: Options) {
  const colour = output === undefined && out.colour;
  return {
    ...(colour ? { paint: (role: Role, text: string) => out.style(STYLES[role], text) } : {}),
    ...(log === undefined ? {} : { logLines: log }),
  };
}

function deliver(out: Output, { output }: Options, text: string): void {
  if (output === undefined) {
    out.write(text);
    return;
  }
  try {
    writeFileSync(output, text);
  } catch (error) {
    throw new Failure(`${output} cannot be written: ${(error as Error).message}`, 'Give another file to -o.');
  }
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('wanted a whole number');
}
