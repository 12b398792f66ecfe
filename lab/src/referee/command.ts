import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inScratch } from '../image.ts';
import { stockKernel } from '../kernel.ts';
import { deviceBinary, outFolder } from '../paths.ts';
import type { Scenario } from '../scenario.ts';
import { scenarios } from '../scenarios/index.ts';
import { debugVmlinux } from './debug_info.ts';
import { dumpOfPath, dumpOfScenario, type JudgedDump } from './dumps.ts';
import { judgeDump, Protocol } from './judge_dump.ts';
import { judgeMinimal, writeMinimal } from './judge_minimal.ts';
import { judgeCodecs, judgeCutDumps, judgeDebugPlaces, judgeWritten } from './judge_variants.ts';
import { circumstancesHere, refereeSection, withSection } from './markdown.ts';
import { loadedModules, moduleDebugInfo } from './module_debug_info.ts';
import { findReferees, type Referees } from './tools.ts';
import { exitStatus, type Row, refereeTable } from './verdict.ts';
import { wholeMemoryOf } from './whole_memory.ts';

const USAGE = `usage: npm run lab -- referee [DUMP…] [options]

Other people's tools on our dumps: crash and drgn, with the kernel's debug info, must say what the crashed
kernel said of itself, and kcrash must say what they say: every frame of every task, what each task is, and the
layout of every type. A DUMP is a file, or the folder of a run that was kept, such as out/lab/tasks-300. Without
one guests are crashed.

  --scenario NAME  the scenario whose dump is judged, several times for more (default c-sysrq, oops-null and
                   tasks-300)
  --suite NAME     the kernel of another Debian release, such as trixie
  --tools NAME     crash and drgn of another Debian release, trixie, which are unpacked into the cache
  --vmlinux FILE   debug info (default: from the kernel's -dbg package, 283 MB to download)
  --module FILE    debug info of a module that is not the kernel's own
  --minimal        what both tools read of a whole memory they must read of its minimal dump as well: a DUMP is the
                   ELF file of a whole memory, such as a copy of /proc/vmcore (default: that of tasks-300)
  --quick          only crash and drgn on each dump as it is
  --device FILE    the kcrash that collects the dumps (default dist/device/kcrash)
  --out FOLDER     where consoles and dumps go (default out/lab/referee)
  --json           rows and measurements for programs
  --markdown FILE  write the rows into a document there as well, in place of an earlier run's
`;

const DEFAULT_SCENARIOS = ['c-sysrq', 'oops-null', 'tasks-300'];

const options = {
  scenario: { type: 'string', multiple: true },
  suite: { type: 'string' },
  tools: { type: 'string' },
  vmlinux: { type: 'string' },
  module: { type: 'string', multiple: true },
  minimal: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  device: { type: 'string', default: deviceBinary },
  out: { type: 'string', default: join(outFolder, 'referee') },
  json: { type: 'boolean', default: false },
  markdown: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Options = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true });
}

/** `lab referee`: returns its exit status. */
export async function referee(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    console.log(USAGE.trimEnd());
    return 0;
  }
  // The table goes to standard output; how it came about does not.
  const protocol = new Protocol((line) => console.error(line));
  const referees = await findReferees(values.tools, (line) => protocol.say(line));
  const judged = values.minimal
    ? await judgeMinimalDumps(positionals, values, referees, protocol)
    : await judgeDumps(positionals, values, referees, protocol);
  const { rows, measurements } = protocol;
  console.log(
    values.json ? JSON.stringify({ rows, measurements }, null, 2) : refereeTable(rows, measurements),
  );
  if (values.markdown !== undefined) writeSection(values, judged, referees, args, rows);
  return exitStatus(rows);
}

/** Writes the rows into a document, in the section of the kernels and tools that they are about. */
function writeSection(
  { markdown: file = '', minimal }: Options,
  judged: readonly WithDebugInfo[],
  { crash, drgn }: Referees,
  args: readonly string[],
  rows: readonly Row[],
): void {
  const releases = [...new Set(judged.map(({ dump }) => dump.release))];
  const title = [...releases, crash, drgn].join(', ');
  const shown = args.filter((each, i) => each !== '--markdown' && args[i - 1] !== '--markdown');
  const section = refereeSection({ args: shown, rows }, circumstancesHere());
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '# Referees\n';
  writeFileSync(file, withSection(before, minimal ? `Minimal dumps: ${title}` : title, section));
}

interface WithDebugInfo {
  readonly dump: JudgedDump;
  readonly vmlinux: string;
}

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}; lab list shows all`);
  return found;
}

async function givenDumps(
  paths: readonly string[],
  values: Options,
  protocol: Protocol,
): Promise<WithDebugInfo[]> {
  const judged: WithDebugInfo[] = [];
  for (const path of paths) judged.push(await withDebugInfo(await dumpOfPath(path), values, protocol));
  return judged;
}

/** Finds the debug info of a dump's kernel and, where that is a stock one, of the modules that it had loaded. */
async function withDebugInfo(
  dump: JudgedDump,
  values: Options,
  protocol: Protocol,
  version?: string,
): Promise<WithDebugInfo> {
  protocol.say(`debug info of ${dump.release}`);
  const vmlinux = values.vmlinux ?? (await debugVmlinux(dump.release, values.suite, version));
  const kernel = stockKernel(values.suite);
  const names = kernel.release === dump.release ? await loadedModules(dump.path) : [];
  const modules = [...(await moduleDebugInfo(kernel, names)), ...(values.module ?? [])];
  return { dump: { ...dump, modules }, vmlinux };
}

/** Crashes a guest for each scenario, one after the other: side by side both would be slower than one. */
async function crashedDumps(
  chosen: readonly Scenario[],
  values: Options,
  protocol: Protocol,
): Promise<WithDebugInfo[]> {
  if (!existsSync(values.device)) throw new Error(`there is no ${values.device}: npm run build makes it`);
  const kernel = stockKernel(values.suite);
  const { device, out } = values;
  mkdirSync(out, { recursive: true });
  const bench = { kernel, device, out, keep: true, progress: (line: string) => protocol.say(line) };
  const judged: WithDebugInfo[] = [];
  for (const scenario of chosen) {
    try {
      const { dump, failures } = await dumpOfScenario(scenario, bench);
      protocol.row(dump.name, 'collected', 'lab', { differences: failures, notes: [] });
      judged.push(await withDebugInfo(dump, values, protocol, kernel.version));
    } catch (error) {
      // The others can still be judged.
      const differences = [error instanceof Error ? error.message : String(error)];
      protocol.row(scenario.name, 'collected', 'lab', { differences, notes: [] });
    }
  }
  return judged;
}

async function judgeDumps(
  paths: readonly string[],
  values: Options,
  referees: Referees,
  protocol: Protocol,
): Promise<WithDebugInfo[]> {
  const judged =
    paths.length > 0
      ? await givenDumps(paths, values, protocol)
      : await crashedDumps((values.scenario ?? DEFAULT_SCENARIOS).map(scenarioNamed), values, protocol);
  await inScratch(async (scratch) => {
    for (const { dump, vmlinux } of judged) await judgeDump(dump, vmlinux, referees, protocol, scratch);
    const [first] = judged;
    if (values.quick || first === undefined) return;
    const judging = { ...first, referees, protocol, scratch };
    await judgeDebugPlaces(judging);
    const written = await judgeWritten(judging, values.device);
    await judgeCodecs(written);
    await judgeCutDumps(written);
  });
  return judged;
}

async function judgeMinimalDumps(
  paths: readonly string[],
  values: Options,
  referees: Referees,
  protocol: Protocol,
): Promise<WithDebugInfo[]> {
  const kernel = stockKernel(values.suite);
  const { device, out } = values;
  const bench = { kernel, device, out, keep: true, progress: (line: string) => protocol.say(line) };
  const cores = [...paths];
  for (const name of cores.length > 0 ? [] : (values.scenario ?? ['tasks-300']))
    cores.push(await wholeMemoryOf(scenarioNamed(name), bench));
  const judged: WithDebugInfo[] = [];
  await inScratch(async (scratch) => {
    const minimal = join(scratch, 'minimal.dump');
    for (const core of cores) {
      const full = resolve(core);
      await writeMinimal(device, full, minimal);
      const found = await withDebugInfo(await dumpOfPath(minimal), values, protocol);
      await judgeMinimal({ ...found, full, referees, protocol, scratch });
      judged.push(found);
    }
  });
  return judged;
}
