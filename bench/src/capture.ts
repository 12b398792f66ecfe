// npm run bench:capture: one crash, collected by kcrash and by EVE-OS's present way, on the same guest.
import { mkdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stockKernel } from '@kcrash/lab/kernel';
import { deviceBinary, outFolder } from '@kcrash/lab/paths';
import { type Bench, runScenario } from '@kcrash/lab/run';
import { type Capture, type Collector, captureScenario } from './capture_scenarios.ts';
import { recordTable } from './document.ts';

/** Sizes of guests. What a collector needs must not grow with them. */
const GUESTS_MIB = ['1024', '8192'];
const CRASHKERNEL_MIB = 128;
const STEP_MIB = 8;
/** In less the capture kernel itself runs out of memory. */
const LEAST_MIB = 48;
const COLLECTORS: readonly Collector[] = ['native', 'makedumpfile', 'script'];

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    guest: { type: 'string', multiple: true, default: GUESTS_MIB },
    /** Without the search for the smallest reservation. */
    quick: { type: 'boolean', default: false },
    device: { type: 'string', default: deviceBinary },
    out: { type: 'string', default: join(outFolder, '..', 'bench') },
    write: { type: 'boolean', default: false },
  },
});

const bench: Bench = {
  kernel: stockKernel(),
  device: values.device,
  out: values.out,
  keep: false,
  progress: (line) => console.log(line),
};

/** One capture; a run that the lab could not finish counts as not collected. */
async function capture(collector: Collector, crashkernelMib: number, guestMib: number): Promise<Capture> {
  let result: Capture | undefined;
  const scenario = captureScenario(collector, crashkernelMib, guestMib, (found) => {
    result = found;
  });
  const verdict = await runScenario(scenario, bench);
  rmSync(join(bench.out, scenario.name), { recursive: true, force: true });
  return (
    result ?? {
      collector,
      crashkernelMib,
      failure: verdict.failures.join('; '),
      restartSeconds: verdict.seconds,
      reasonWrittenSeconds: null,
      reasonSafeSeconds: null,
      dumpBytes: 0,
      writtenBytes: 0,
      peakKib: null,
      idleKib: null,
    }
  );
}

/**
 * The smallest reservation that collects everything, by halving the range: what fits in one size fits in every
 * larger one. A size counts as too small only when it failed twice, so that an accident does not pass for it.
 */
async function smallest(collector: Collector, guestMib: number): Promise<number> {
  let works = CRASHKERNEL_MIB;
  let fails = LEAST_MIB - STEP_MIB;
  while (works - fails > STEP_MIB) {
    const mib = fails + Math.ceil((works - fails) / 2 / STEP_MIB) * STEP_MIB;
    const first = await capture(collector, mib, guestMib);
    const failure = first.failure === null ? null : (await capture(collector, mib, guestMib)).failure;
    console.log(`${collector} of ${guestMib} MiB in ${mib} MiB: ${failure ?? 'collects'}`);
    if (failure === null) works = mib;
    else fails = mib;
  }
  return works;
}

function median(numbers: readonly (number | null)[]): number | null {
  const sorted = numbers.filter((value) => value !== null).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function table(guestMib: number, runs: readonly Capture[], least: ReadonlyMap<Collector, number>): string {
  const of = (collector: Collector, value: (run: Capture) => number | null) =>
    median(runs.filter((run) => run.collector === collector).map(value));
  const row = (name: string, show: (value: number) => string, value: (run: Capture) => number | null) => {
    const cells = COLLECTORS.map((collector) => {
      const found = of(collector, value);
      return found === null ? 'unknown' : show(found);
    });
    return `| ${[name, ...cells].join(' | ')} |`;
  };
  const seconds = (value: number) => `${value.toFixed(1)} s`;
  const mib = (value: number) => `${(value / 1_048_576).toFixed(1)} MiB`;
  const kib = (value: number) => mib(value * 1024);
  return [
    `${new Date().toISOString().slice(0, 10)}, kernel ${bench.kernel.release}, guest of ${guestMib} MiB and 2 CPUs with crashkernel=${CRASHKERNEL_MIB}M,`,
    `QEMU without KVM on ${cpus().length} cores; ${values.runs === '1' ? 'one run' : `medians of ${values.runs} runs`} each, taken in turn. Emulation is slow: the ratios count.`,
    '',
    '| | kcrash | kcrash with `engine = makedumpfile` | a script that does as EVE does |',
    '| --- | --- | --- | --- |',
    row('from panic to restart', seconds, (run) => run.restartSeconds),
    row('until reboot-reason has its name', seconds, (run) => run.reasonWrittenSeconds),
    row('until it would outlive a power cut', seconds, (run) => run.reasonSafeSeconds),
    row('dump', mib, (run) => run.dumpBytes),
    row('written to persist in all', mib, (run) => run.writtenBytes),
    row('memory of the capture kernel in use before', kib, (run) => run.idleKib),
    row('… and at most', kib, (run) => run.peakKib),
    ...(least.size === 0
      ? []
      : [
          `| smallest crashkernel= that collects all | ${COLLECTORS.map((it) => `${least.get(it)}M`).join(' | ')} |`,
        ]),
    '',
  ].join('\n');
}

/** All runs in one guest, and what came of them as a table. */
async function contest(guestMib: number): Promise<string> {
  const runs: Capture[] = [];
  for (let run = 0; run < Number(values.runs); run += 1) {
    for (const collector of COLLECTORS) {
      const result = await capture(collector, CRASHKERNEL_MIB, guestMib);
      if (result.failure !== null) throw new Error(`${collector} did not collect: ${result.failure}`);
      runs.push(result);
    }
  }
  const least = new Map<Collector, number>();
  const queue = values.quick ? [] : [...COLLECTORS];
  // Only fit counts here, not time: two side by side.
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      least.set(next, await smallest(next, guestMib));
  };
  await Promise.all([worker(), worker()]);
  return table(guestMib, runs, least);
}

mkdirSync(bench.out, { recursive: true });
for (const guest of values.guest) {
  const text = await contest(Number(guest));
  console.log(`\n${text}`);
  if (values.write) recordTable(`capture-${guest}`, text);
}
