// npm run bench:dump: minimal dumps of a whole core, written by kcrash and by makedumpfile, side by side.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { deviceBinary, workstationProgram } from '@kcrash/lab/paths';
import { type Contestant, contest, type Result } from './contest.ts';
import { recordTable } from './document.ts';

const USAGE = `usage: npm run bench:dump -- [options] CORE

  CORE        a whole core, such as a copy of /proc/vmcore
  --rounds N  how often each program is run (default 5)
  --write     record the table in docs/benchmarks.md
`;

const LZO = 'makedumpfile -l';
const ZLIB = 'makedumpfile -c';
const DEVICE = 'device kcrash dump, zstd';
const DEVICE_ZLIB = 'device kcrash dump, zlib';
const NODE = 'kcrash dump under Node, zlib';
const MEGABYTE = 1_000_000;

/** What must hold: the first at most so many times the second. */
const LIMITS: readonly { first: string; second: string; of: 'seconds' | 'bytes'; most: number }[] = [
  { first: DEVICE, second: LZO, of: 'seconds', most: 4 },
  { first: DEVICE, second: ZLIB, of: 'bytes', most: 1 },
  { first: NODE, second: ZLIB, of: 'seconds', most: 1.3 },
  { first: NODE, second: ZLIB, of: 'bytes', most: 1 },
];

interface Measured extends Result {
  readonly bytes: number;
}

function contestants(core: string, folder: string): Map<string, Contestant & { readonly out: string }> {
  const all = new Map<string, Contestant & { readonly out: string }>();
  const add = (name: string, program: string, args: (out: string) => string[]) => {
    const out = join(folder, `${all.size}.dump`);
    all.set(name, { name, program, args: args(out), out });
  };
  add(LZO, 'makedumpfile', (out) => ['-f', '-l', '-d', '31', core, out]);
  add(ZLIB, 'makedumpfile', (out) => ['-f', '-c', '-d', '31', core, out]);
  add(DEVICE, deviceBinary, (out) => ['dump', core, out, '--codec', 'zstd']);
  add(DEVICE_ZLIB, deviceBinary, (out) => ['dump', core, out, '--codec', 'zlib']);
  add(NODE, process.execPath, (out) => [workstationProgram, 'dump', core, out, '--codec', 'zlib']);
  return all;
}

function table(core: string, measured: ReadonlyMap<string, Measured>, rounds: number): string {
  const gigabytes = (statSync(core).size / 1e9).toFixed(2);
  const rows = [...measured].map(([name, { seconds, cpuSeconds, peakBytes, bytes }]) => {
    const cells = [seconds.toFixed(2), cpuSeconds.toFixed(2), megabytes(peakBytes), megabytes(bytes)];
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  const limits = LIMITS.map(({ first, second, of, most }) => {
    const ratio = (measured.get(first)?.[of] ?? Number.NaN) / (measured.get(second)?.[of] ?? Number.NaN);
    return `| ${first}, ${of}, to ${second} | ${ratio.toFixed(2)} × | at most ${most} × | ${ratio <= most ? 'yes' : 'no'} |`;
  });
  return [
    `${new Date().toISOString().slice(0, 10)}, a core of ${gigabytes} GB, ${cpus().length} processors; medians of ${rounds} runs, taken in turn.`,
    '',
    '| program | wall, s | CPU, s | peak memory, MB | dump, MB |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '| | found | wanted | holds |',
    '| --- | --- | --- | --- |',
    ...limits,
  ].join('\n');
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1);
}

function main(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [core] = positionals;
  if (values.help || core === undefined) {
    console.error(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-dump-'));
  try {
    const all = contestants(resolve(core), folder);
    const rounds = Number(values.rounds);
    const results = contest([...all.values()], rounds, folder, (line) => console.error(line));
    const measured = new Map(
      [...all].flatMap(([name, { out }]) => {
        const result = results.get(name);
        return result === undefined ? [] : [[name, { ...result, bytes: statSync(out).size }] as const];
      }),
    );
    const text = table(core, measured, rounds);
    console.log(text);
    if (values.write) recordTable('dump', text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
