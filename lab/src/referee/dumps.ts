import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { exec } from '../exec.ts';
import { readDump, vmcoreinfoValue } from '../kdump.ts';
import { labModule } from '../module.ts';
import { type Bench, runScenario } from '../run.ts';
import { DEFAULT_GUEST, type Scenario } from '../scenario.ts';

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
  /** Modules whose debug info lies outside the kernel's package. */
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
  const crashes = join(folder, `persist-${scenario.cycles.length}`, 'kcrashes');
  const newest = existsSync(crashes) ? readdirSync(crashes).filter(isDumpName).sort().at(-1) : undefined;
  if (newest === undefined) {
    throw new Error(`${scenario.name} left no dump in ${crashes}: ${failures.join('; ')}`);
  }
  const dump = await dumpOfFile(join(crashes, newest), scenario.name);
  const { cpus } = { ...DEFAULT_GUEST, ...scenario.guest };
  const modules = scenario.module === true ? [await labModule(bench.kernel)] : [];
  return { dump: { ...dump, cpus, modules }, failures };
}

function isDumpName(name: string): boolean {
  return /^kdump-.*\.dump$/.test(name);
}

/** A kdump-compressed file; its log is the one collected with it, or else what makedumpfile makes of it. */
export async function dumpOfFile(path: string, name = basename(path)): Promise<JudgedDump> {
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
    await exec('makedumpfile', ['--dump-dmesg', path, join(folder, 'dmesg')]);
    return readFileSync(join(folder, 'dmesg'), 'latin1');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
