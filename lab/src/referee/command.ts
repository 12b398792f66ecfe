import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inScratch } from '../image.ts';
import { stockKernel } from '../kernel.ts';
import { deviceBinary, outFolder } from '../paths.ts';
import type { Scenario } from '../scenario.ts';
import { scenarios } from '../scenarios/index.ts';
import { debugVmlinux } from './debug_info.ts';
import { dumpOfFile, dumpOfScenario, type JudgedDump } from './dumps.ts';
import { judgeDump, Protocol, type Referees } from './judge_dump.ts';
import { judgeCodecs, judgeCutDumps, judgeDebugPlaces } from './judge_variants.ts';
import { installReferees, toolName } from './tools.ts';
import { exitStatus, refereeTable } from './verdict.ts';

const USAGE = `usage: npm run lab -- referee [DUMP…] [options]

Other people's tools on our dumps: crash and drgn, with the kernel's debug info, must say what the crashed
kernel said of itself. Without a DUMP guests are crashed for them.

  --scenario NAME  the scenario whose dump is judged, several times for more (default c-sysrq and oops-null)
  --suite NAME     the kernel of another Debian release, such as trixie
  --vmlinux FILE   debug info (default: from the kernel's -dbg package, 283 MB to download)
  --module FILE    debug info of a module that is not the kernel's own
  --quick          only crash and drgn on each dump as it is
  --device FILE    the kcrash that collects the dumps (default dist/device/kcrash)
  --out FOLDER     where consoles and dumps go (default out/lab/referee)
  --json           rows and measurements for programs
`;

const DEFAULT_SCENARIOS = ['c-sysrq', 'oops-null'];

const options = {
  scenario: { type: 'string', multiple: true },
  suite: { type: 'string' },
  vmlinux: { type: 'string' },
  module: { type: 'string', multiple: true },
  quick: { type: 'boolean', default: false },
  device: { type: 'string', default: deviceBinary },
  out: { type: 'string', default: join(outFolder, 'referee') },
  json: { type: 'boolean', default: false },
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
  await installReferees((line) => protocol.say(line));
  const referees = {
    crash: await toolName('crash'),
    drgn: await toolName('drgn', 'python3-drgn'),
    kcrash: 'kcrash crash',
  };
  const judged =
    positionals.length > 0
      ? await givenDumps(positionals, values)
      : await crashedDumps((values.scenario ?? DEFAULT_SCENARIOS).map(scenarioNamed), values, protocol);
  await judgeAll(judged, values, referees, protocol);
  const { rows, measurements } = protocol;
  console.log(
    values.json ? JSON.stringify({ rows, measurements }, null, 2) : refereeTable(rows, measurements),
  );
  return exitStatus(rows);
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

async function givenDumps(paths: readonly string[], values: Options): Promise<WithDebugInfo[]> {
  const judged: WithDebugInfo[] = [];
  for (const path of paths) {
    const dump = { ...(await dumpOfFile(path)), modules: values.module ?? [] };
    judged.push({ dump, vmlinux: values.vmlinux ?? (await debugVmlinux(dump.release, values.suite)) });
  }
  return judged;
}

/** Crashes a guest for each scenario, one after the other: side by side both would be slower than one. */
async function crashedDumps(
  chosen: readonly Scenario[],
  values: Options,
  protocol: Protocol,
): Promise<WithDebugInfo[]> {
  if (!existsSync(values.device)) throw new Error(`there is no ${values.device}: npm run build makes it`);
  const kernel = stockKernel(values.suite);
  protocol.say(`debug info of ${kernel.release}`);
  const vmlinux = values.vmlinux ?? (await debugVmlinux(kernel.release, values.suite, kernel.version));
  const { device, out } = values;
  mkdirSync(out, { recursive: true });
  const bench = { kernel, device, out, keep: true, progress: (line: string) => protocol.say(line) };
  const judged: WithDebugInfo[] = [];
  for (const scenario of chosen) {
    try {
      const { dump, failures } = await dumpOfScenario(scenario, bench);
      protocol.row(dump.name, 'collected', 'lab', { differences: failures, notes: [] });
      judged.push({ dump: { ...dump, modules: [...dump.modules, ...(values.module ?? [])] }, vmlinux });
    } catch (error) {
      // The others can still be judged.
      const differences = [error instanceof Error ? error.message : String(error)];
      protocol.row(scenario.name, 'collected', 'lab', { differences, notes: [] });
    }
  }
  return judged;
}

async function judgeAll(
  judged: readonly WithDebugInfo[],
  values: Options,
  referees: Referees,
  protocol: Protocol,
): Promise<void> {
  await inScratch(async (scratch) => {
    for (const { dump, vmlinux } of judged) await judgeDump(dump, vmlinux, referees, protocol, scratch);
    const [first] = judged;
    if (values.quick || first === undefined) return;
    const judging = { ...first, referees, protocol, scratch };
    await judgeDebugPlaces(judging);
    await judgeCodecs(judging);
    await judgeCutDumps(judging);
  });
}
