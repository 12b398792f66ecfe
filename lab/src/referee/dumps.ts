import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { exec } from '../exec.ts';
import { readDump, vmcoreinfoValue } from '../kdump.ts';
import { deviceBinary } from '../paths.ts';
import { type Bench, runScenario } from '../run.ts';
import { DEFAULT_GUEST, type Scenario } from '../scenario.ts';
import { forMakedumpfile } from './variants.ts';

/** A dump to be judged, and what is known of it from elsewhere. */
export interface JudgedDump {
  /** As tables show it. */
  readonly name: string;
  readonly path: string;
  /** The crashed kernel's log, as it was collected. */
  readonly log: string;
  /** Where the log comes from. */
  readonly logSource: string;
  readonly release: string;
  /** CRASHTIME; null where VMCOREINFO has none. */
  readonly crashSeconds: number | null;
  readonly machine: string;
  /** The text of its VMCOREINFO. */
  readonly vmcoreinfo: string;
  /** How many CPUs the guest was given; null for a dump from elsewhere. */
  readonly cpus: number | null;
  /** Files with the debug info of modules. */
  readonly modules: readonly string[];
}

/** Crashes a guest and takes its dump and its log. Also returns what failed of the scenario's own checks. */
export async function dumpOfScenario(
  scenario: Scenario,
  bench: Bench,
): Promise<{ dump: JudgedDump; failures: readonly string[] }> {
  const { failures } = await runScenario(scenario, { ...bench, keep: true });
  const folder = join(bench.out, scenario.name);
  for (const name of readdirSync(folder)) if (name.endsWith('.img')) rmSync(join(folder, name));
  const newest = newestDump(folder);
  if (newest === undefined) {
    throw new Error(`${scenario.name} left no dump in ${folder}: ${failures.join('; ')}`);
  }
  const dump = await dumpOfFile(newest, scenario.name);
  const { cpus } = { ...DEFAULT_GUEST, ...scenario.guest };
  return { dump: { ...dump, cpus }, failures };
}

/** The newest collected dump in a folder or below it, such as that of a run that was kept. */
function newestDump(folder: string): string | undefined {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const dumps = names.filter((name) => /^kdump-.*\.dump$/.test(basename(name)));
  const newest = dumps.sort((a, b) => (basename(a) < basename(b) ? -1 : 1)).at(-1);
  return newest === undefined ? undefined : join(folder, newest);
}

/** A dump by its path, or the newest below the folder of a run that was kept. */
export async function dumpOfPath(path: string): Promise<JudgedDump> {
  if (!statSync(path).isDirectory()) return dumpOfFile(path);
  const newest = newestDump(path);
  if (newest === undefined)
    throw new Error(`${path} has no kdump-….dump in it or below: lab run --keep leaves one`);
  return dumpOfFile(newest, basename(resolve(path)));
}

/** A kdump-compressed file; its log is the one collected with it, or else what makedumpfile makes of it. */
async function dumpOfFile(given: string, name = basename(given)): Promise<JudgedDump> {
  // The referees have working folders of their own.
  const path = resolve(given);
  const { vmcoreinfo, release } = readDump(readFileSync(path));
  const beside = join(dirname(path), basename(path).replace(/^kdump-(.*)\.dump$/, 'dmesg-$1.log'));
  const collected = beside !== path && existsSync(beside);
  const crashSeconds = Number(vmcoreinfoValue(vmcoreinfo, 'CRASHTIME'));
  return {
    name,
    path,
    log: collected ? readFileSync(beside, 'latin1') : await dumpDmesg(path),
    logSource: collected ? basename(beside) : 'makedumpfile --dump-dmesg',
    release: vmcoreinfoValue(vmcoreinfo, 'OSRELEASE') ?? release,
    crashSeconds: Number.isNaN(crashSeconds) ? null : crashSeconds,
    machine: 'x86_64',
    vmcoreinfo,
    cpus: null,
    modules: [],
  };
}

async function dumpDmesg(path: string): Promise<string> {
  const folder = join(dirname(path), `.referee-${process.pid}`);
  mkdirSync(folder);
  try {
    const readable = await forMakedumpfile(deviceBinary, path, folder);
    await exec('makedumpfile', ['--dump-dmesg', readable, join(folder, 'dmesg')]);
    return readFileSync(join(folder, 'dmesg'), 'latin1');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
