// npm run bench:triage: what a dump says, told by kcrash, by crash and by drgn, side by side.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inScratch } from '@kcrash/lab/image';
import { type DumpCodec, readDump } from '@kcrash/lab/kdump';
import { stockKernel } from '@kcrash/lab/kernel';
import { deviceBinary, outFolder, workstationProgram } from '@kcrash/lab/paths';
import { debugVmlinux } from '@kcrash/lab/referee/debug_info';
import { dumpOfPath, dumpOfScenario, type JudgedDump } from '@kcrash/lab/referee/dumps';
import { findReferees, type Referees } from '@kcrash/lab/referee/tools';
import { codecsAtHand, forMakedumpfile, OWN_CODECS, recompress, rewrite } from '@kcrash/lab/referee/variants';
import { scenarios } from '@kcrash/lab/scenarios/index';
import { type Contestant, contest, type Result } from './contest.ts';
import { recordTable } from './document.ts';
import {
  CRASH,
  DRGN_ALL,
  DRGN_ONE,
  deviceReport,
  LARGE,
  type Limit,
  limits,
  NODE,
  report,
  THREADS,
} from './triage_limits.ts';

const USAGE = `usage: npm run bench:triage -- [options]

  --dumps FOLDER  dumps of the scenarios below, each as NAME… or in a folder NAME as lab run --keep leaves it;
                  without it their guests are crashed
  --rounds N      how often each program is run (default 9; those that take seconds a third as often)
  --write         record the table in docs/benchmarks.md
`;

const SCENARIOS = { small: 'tasks-300', large: 'tasks-300-eight-gigabytes', threads: 'threads-10000' };
type Dumps = Readonly<Record<keyof typeof SCENARIOS, JudgedDump>>;

const say = (line: string) => console.error(line);

const { values } = parseArgs({
  options: {
    dumps: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** A scenario's dump, of a run that was kept or of a new one. */
async function dumpOf(name: string): Promise<JudgedDump> {
  if (values.dumps !== undefined) {
    const folder = values.dumps;
    const found = readdirSync(folder).find(
      (entry) => entry === name || (entry.startsWith(`${name}-6.1`) && entry.endsWith('.dump')),
    );
    if (found === undefined) throw new Error(`${folder} has no ${name}, neither a folder nor a dump`);
    return dumpOfPath(join(folder, found));
  }
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`the lab has no scenario ${name}`);
  const out = join(outFolder, '..', 'bench');
  mkdirSync(out, { recursive: true });
  const bench = { kernel: stockKernel(), device: deviceBinary, out, keep: true, progress: say };
  return (await dumpOfScenario(scenario, bench)).dump;
}

/** The small dump in every compression that is at hand, its own first. */
async function inEachCodec(dump: string, scratch: string): Promise<Map<DumpCodec, string>> {
  const own = readDump(readFileSync(dump)).codec;
  const files = new Map<DumpCodec, string>([[own, dump]]);
  const source = await forMakedumpfile(deviceBinary, dump, scratch);
  const atHand = await codecsAtHand();
  for (const codec of new Set([...atHand, ...OWN_CODECS])) {
    if (codec === 'none' || files.has(codec)) continue;
    const file = join(scratch, `${codec}.dump`);
    if (atHand.includes(codec)) await recompress(source, codec, file);
    else await rewrite(deviceBinary, dump, codec, file);
    files.set(codec, file);
  }
  return files;
}

function contestants(
  dumps: Dumps,
  files: ReadonlyMap<DumpCodec, string>,
  vmlinux: string,
  referees: Referees,
  scratch: string,
): Contestant[] {
  const node = process.execPath;
  const slow = { isSlow: true };
  const reportOf = (name: string, path: string): Contestant => ({
    name,
    program: workstationProgram,
    args: ['report', resolve(path)],
  });
  const drgn = (name: string, which: string): Contestant => ({
    name,
    program: referees.python,
    args: [join(import.meta.dirname, 'drgn_stacks.py'), resolve(dumps.small.path), vmlinux, which],
  });
  const commands = join(scratch, 'crash-commands');
  writeFileSync(commands, 'bt\nlog\nquit\n');
  return [
    { name: NODE, program: node, args: ['-e', '0'] },
    ...[...files].map(([codec, path]) => reportOf(report(codec), path)),
    reportOf(LARGE, dumps.large.path),
    drgn(DRGN_ONE, 'one'),
    ...[...files].map(([codec, path]) => ({
      name: deviceReport(codec),
      program: deviceBinary,
      args: ['report', resolve(path)],
      ...slow,
    })),
    { ...reportOf(THREADS, dumps.threads.path), ...slow },
    { ...drgn(DRGN_ALL, 'all'), ...slow },
    {
      name: CRASH,
      program: referees.crashProgram,
      args: ['-s', '-i', commands, vmlinux, resolve(dumps.small.path)],
      ...slow,
    },
  ];
}

function document(
  dumps: Dumps,
  referees: Referees,
  results: ReadonlyMap<string, Result>,
  judged: readonly Limit[],
): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  const rows = [...results].map(([name, { seconds, cpuSeconds, peakBytes, runs }]) => {
    const cells = [
      `${seconds.toFixed(2)} s`,
      `${cpuSeconds.toFixed(2)} s`,
      `${Math.round(peakBytes / 1e6)} MB`,
    ];
    return `| ${[name, ...cells, runs].join(' | ')} |`;
  });
  const verdicts = judged.map(
    ({ what, found, wanted, holds }) => `| ${what} | ${found} | ${wanted} | ${holds ? 'yes' : '**no**'} |`,
  );
  return [
    `${day}, dumps of ${dumps.small.release}; a machine of ${cpus().length} CPUs and ${memory} GiB, Node ${process.versions.node}, ${referees.crash}, ${referees.drgn}.`,
    `Medians of runs that were taken in turn; load average over them ${(loadavg()[2] ?? 0).toFixed(0)}. On a busy machine the CPU time and the ratios count.`,
    '',
    '| | wall time | CPU time | peak memory | runs |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '| | measured | wanted | holds |',
    '| --- | --- | --- | --- |',
    ...verdicts,
  ].join('\n');
}

async function main(): Promise<void> {
  for (const program of [workstationProgram, deviceBinary]) {
    if (!existsSync(program)) throw new Error(`there is no ${program}: npm run build makes it`);
  }
  const referees = await findReferees(undefined, say);
  const dumps: Dumps = {
    small: await dumpOf(SCENARIOS.small),
    large: await dumpOf(SCENARIOS.large),
    threads: await dumpOf(SCENARIOS.threads),
  };
  const vmlinux = await debugVmlinux(dumps.small.release);
  const text = await inScratch(async (scratch) => {
    const files = await inEachCodec(resolve(dumps.small.path), scratch);
    const all = contestants(dumps, files, vmlinux, referees, scratch);
    const results = contest(all, Number(values.rounds), scratch, say);
    return document(dumps, referees, results, limits(results, [...files.keys()]));
  });
  console.log(text);
  if (values.write) recordTable('triage', text);
}

if (values.help) console.log(USAGE.trimEnd());
else await main();
