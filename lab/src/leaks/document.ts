import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { circumstancesHere, withSection } from '../referee/markdown.ts';

const USAGE = `usage: npm run lab -- leaks FOLDER… [--markdown FILE]

Pages that hold a canary, by class: in memory, in dumps by makedumpfile and in those by kcrash. A FOLDER is that of a
lab run (--out) with the scenarios canaries and canaries-makedumpfile, one for each kernel.

  --markdown FILE  write the table into a document, in place of an earlier one
`;

const TITLE = 'Pages that hold a canary';

/** How many pages hold a class's canary, as the scenarios write it. */
export type Counts = Readonly<Record<string, { readonly memory: number; readonly dump: number }>>;

/** What both engines left of canaries on a kernel. */
export interface KernelLeaks {
  readonly release: string;
  readonly kcrash: Counts;
  readonly makedumpfile: Counts;
  readonly kcrashBytes: number;
  readonly makedumpfileBytes: number;
}

/** The rows: what they are called, and the classes that each sums up. */
const ROWS: readonly (readonly [name: string, ...classes: string[]])[] = [
  ['anonymous memory', 'anonymous'],
  ['a transparent huge page', 'huge'],
  ['page cache, clean and dirty', 'cache-clean', 'cache-dirty'],
  ['tmpfs, memfd, shared memory, System V', 'tmpfs', 'memfd', 'shared', 'system-v'],
  ['a file mapped private and shared', 'mapped-private', 'mapped-shared'],
  ['hugetlbfs', 'hugetlbfs'],
  ['`memfd_secret`', 'secret'],
  ['a virtual machine’s memory, anonymous', 'guest-private'],
  ['a virtual machine’s memory, hugetlbfs', 'guest-huge'],
  ['a virtual machine’s memory, memfd', 'guest-shared'],
  ['a process that has ended', 'freed'],
  ['a pipe', 'pipe'],
  ['a unix stream', 'unix-stream'],
  ['TCP over loopback', 'tcp'],
  ['UDP, 1 kB and 20 kB', 'udp', 'udp-large'],
  ['small messages of a unix socket', 'unix-small'],
  ['`user` keys of 1 kB and 12 kB', 'key', 'key-large'],
  ['a pseudo terminal, both ways', 'pty-input', 'pty-output'],
  ['what was typed at the console and nobody read', 'console'],
  ['a message of System V', 'message'],
];

/** The table, with a group of three columns for each kernel. What a dump must not hold is bold. */
export function leaksTable(kernels: readonly KernelLeaks[]): string {
  const head = kernels.flatMap(({ release }) => [
    `${release.replace(/^(\d+\.\d+).*/, '$1')}: memory`,
    'makedumpfile',
    'kcrash',
  ]);
  const rows = ROWS.map(([name, ...classes]) => {
    const cells = kernels.flatMap(({ kcrash, makedumpfile }) => {
      const memory = sum(kcrash, classes, 'memory');
      if (memory === 0) return ['–', '–', '–'];
      return [String(memory), held(sum(makedumpfile, classes, 'dump')), held(sum(kcrash, classes, 'dump'))];
    });
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const sizes = kernels.flatMap((each) => ['', mib(each.makedumpfileBytes), mib(each.kcrashBytes)]);
  return [
    `| ${['canaries in', ...head].join(' | ')} |`,
    `| --- |${head.map(() => ' ---: |').join('')}`,
    ...rows,
    `| ${['size of the dump, MiB', ...sizes].join(' | ')} |`,
  ].join('\n');
}

function sum(counts: Counts, classes: readonly string[], of: 'memory' | 'dump'): number {
  return classes.reduce((all, name) => all + (counts[name]?.[of] ?? 0), 0);
}

function held(pages: number): string {
  return pages === 0 ? '0' : `**${pages}**`;
}

function readKernel(folder: string): KernelLeaks {
  const [own, other] = [join(folder, 'canaries'), join(folder, 'canaries-makedumpfile')];
  const counts = (of: string) => JSON.parse(readFileSync(join(of, 'canaries.json'), 'utf8')) as Counts;
  const { kernel } = JSON.parse(readFileSync(join(own, 'verdict.json'), 'utf8')) as { kernel: string };
  return {
    release: kernel,
    kcrash: counts(own),
    makedumpfile: counts(other),
    kcrashBytes: dumpBytes(own),
    makedumpfileBytes: dumpBytes(other),
  };
}

function dumpBytes(folder: string): number {
  const name = readdirSync(folder).find((each) => /^kdump-.*\.dump$/.test(each));
  if (name === undefined) throw new Error(`${folder} has no kdump-….dump`);
  return statSync(join(folder, name)).size;
}

/** `lab leaks`: returns its exit status. */
export function leaks(args: readonly string[]): number {
  const options = {
    markdown: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help || positionals.length === 0) {
    console.log(USAGE.trimEnd());
    return values.help ? 0 : 2;
  }
  const kernels = positionals.map(readKernel);
  const section = [
    `Made by \`npm run lab -- leaks\` of runs of \`canaries\` and \`canaries-makedumpfile\`: ${circumstancesHere()};`,
    `guests of 1 GB with 2 CPUs, ${kernels.map(({ release }) => release).join(' and ')}, a crash for each engine;`,
    'the column of memory counts that of the crash that kcrash collected.',
    '',
    leaksTable(kernels),
  ].join('\n');
  console.log(section);
  if (values.markdown !== undefined) {
    const before = existsSync(values.markdown) ? readFileSync(values.markdown, 'utf8') : '# Leaks\n';
    writeFileSync(values.markdown, withSection(before, TITLE, section));
  }
  return 0;
}
