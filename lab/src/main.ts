import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { demo } from './demo.ts';
import { stockKernel } from './kernel.ts';
import { leaks } from './leaks/document.ts';
import { deviceBinary, outFolder } from './paths.ts';
import { referee } from './referee/command.ts';
import { type Bench, runScenario, type Verdict } from './run.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import { listing, markdownDocument, textTable } from './table.ts';

const USAGE = `usage: npm run lab -- list
       npm run lab -- run NAME… | --all | --core [options]
       npm run lab -- demo [options]
       npm run lab -- referee [DUMP…] [options]  (referee --help)
       npm run lab -- leaks FOLDER… [--markdown FILE]

  --all            every scenario
  --core           those that show the main job and the worst faults
  --jobs N         guests side by side (default 2)
  --keep           keep disk images and the files of persist
  --keep-files     keep the files of persist
  --suite NAME     the kernel of another Debian release, such as trixie
  --device FILE    the kcrash under test (default dist/device/kcrash)
  --out FOLDER     where consoles and verdicts go (default out/lab)
  --markdown FILE  write a document with the verdicts there as well
`;

const options = {
  all: { type: 'boolean', default: false },
  core: { type: 'boolean', default: false },
  jobs: { type: 'string', default: '2' },
  keep: { type: 'boolean', default: false },
  'keep-files': { type: 'boolean', default: false },
  suite: { type: 'string' },
  device: { type: 'string', default: deviceBinary },
  out: { type: 'string', default: outFolder },
  markdown: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

async function main(): Promise<number> {
  if (process.argv[2] === 'referee') return referee(process.argv.slice(3));
  if (process.argv[2] === 'leaks') return leaks(process.argv.slice(3));
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [command, ...names] = positionals;
  if (values.help) return say(USAGE, 0);
  if (command === 'list') return say(listing(scenarios), 0);
  if (command !== 'run' && command !== 'demo') return say(USAGE, 2);
  const chosen = choose(names, values.all, values.core);
  if (command === 'run' && chosen.length === 0) return say(USAGE, 2);
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new Error(`--jobs ${values.jobs}: wanted a whole number from 1`);
  if (!existsSync(values.device)) throw new Error(`there is no ${values.device}: npm run build makes it`);
  const bench: Bench = {
    kernel: stockKernel(values.suite),
    device: values.device,
    out: values.out,
    keep: values.keep,
    keepFiles: values['keep-files'],
    progress: (line) => console.log(line),
  };
  mkdirSync(values.out, { recursive: true });
  if (command === 'demo') return (await demo(bench)) ? 0 : 1;
  console.log(`kernel ${bench.kernel.release}, ${chosen.length} scenarios, ${jobs} side by side`);
  const verdicts = await runAll(chosen, bench, jobs);
  console.log(`\n${textTable(verdicts)}`);
  if (values.markdown !== undefined) {
    const text = markdownDocument(verdicts, scenarios, circumstances(bench.kernel.release));
    writeFileSync(values.markdown, text);
  }
  return verdicts.every(({ passed }) => passed) ? 0 : 1;
}

function circumstances(release: string): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, kernel ${release}, QEMU without KVM on ${cpus().length} cores with ${memory} GiB`;
}

function say(text: string, code: number): number {
  console.log(text.trimEnd());
  return code;
}

function choose(names: readonly string[], all: boolean, core: boolean): Scenario[] {
  const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new Error(`there is no scenario ${unknown}; lab list shows all`);
  return scenarios.filter((scenario) => all || (core && scenario.core) || names.includes(scenario.name));
}

/** Runs scenarios side by side; verdicts come in the order of the list. */
async function runAll(chosen: readonly Scenario[], bench: Bench, jobs: number): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const queue = [...chosen.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, scenario] = next;
      verdicts[index] = await runScenario(scenario, bench).catch((error: unknown) =>
        broken(scenario, bench, error),
      );
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return verdicts;
}

/** The verdict on a scenario that the lab itself could not run to its end. */
function broken(scenario: Scenario, bench: Bench, error: unknown): Verdict {
  const why = `the lab failed: ${error instanceof Error ? error.message : String(error)}`;
  bench.progress(`[${scenario.name}] ${why}`);
  return {
    scenario: scenario.name,
    kernel: bench.kernel.release,
    passed: false,
    seconds: 0,
    accidents: [],
    failures: [why],
  };
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
