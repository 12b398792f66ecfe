// npm run bench:sizes: how the time and memory of a minimal dump grow with the memory that it is made of.
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { stockKernel } from '@kcrash/lab/kernel';
import { deviceBinary, outFolder } from '@kcrash/lab/paths';
import { wholeMemoryOf } from '@kcrash/lab/referee/whole_memory';
import type { Scenario } from '@kcrash/lab/scenario';
import { type Contestant, contest, type Result } from './contest.ts';
import { recordTable } from './document.ts';

const USAGE = `usage: npm run bench:sizes -- [options] [CORE…]

  CORE            a whole memory that an earlier run left, in place of guests
  --guest MIB     a guest's memory, several times for more (default 1024, 2048 and 4096)
  --rounds N      how often each whole memory is made a minimal dump (default 5)
  --device FILE   the kcrash that collects and that is measured (default dist/device/kcrash)
  --out FOLDER    where whole memories go, and stay (default out/bench)
  --write         record the table in docs/benchmarks.md
`;

const GUESTS_MIB = ['1024', '2048', '4096'];

const options = {
  guest: { type: 'string', multiple: true, default: [...GUESTS_MIB] },
  rounds: { type: 'string', default: '5' },
  device: { type: 'string', default: deviceBinary },
  out: { type: 'string', default: join(outFolder, '..', 'bench') },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options'];

/** A machine at work: half of what is free is files in memory. */
const CRASH = `
half=$(awk '/MemAvailable/ { print int($2 / 2) }' /proc/meminfo)
mount -t tmpfs -o size=100% tmpfs /run
dd if=/dev/urandom of=/run/seed bs=1M count=16 2>/dev/null
while [ "$(du -k /run | cut -f 1)" -lt "$half" ]; do cat /run/seed >>/run/files; done
echo c >/proc/sysrq-trigger
`;

/** Every page too, and faster than cp: makedumpfile maps what it reads. */
const COPY = 'makedumpfile -E -d 0 /proc/vmcore /persist/vmcore >/dev/null && say "memory copied"';

function scenario(memoryMib: number): Scenario {
  return {
    name: `bench-${memoryMib}`,
    group: 'capture',
    shows: `a crash of a guest with ${memoryMib} MiB`,
    core: false,
    guest: { memoryMib, panic: -1 },
    persist: { sizeMib: memoryMib + 1024 },
    cycles: [{ crash: CRASH, ends: 'reset' }],
    limitSeconds: 1800,
    check() {},
  };
}

interface Size {
  readonly core: string;
  readonly dump: string;
}

function table(sizes: readonly Size[], results: ReadonlyMap<string, Result>, circumstances: string): string {
  const rows = sizes.flatMap(({ core, dump }) => {
    const result = results.get(core);
    if (result === undefined) return [];
    const gigabytes = statSync(core).size / 1e9;
    const { seconds, cpuSeconds, peakBytes } = result;
    const cells = [
      seconds.toFixed(2),
      cpuSeconds.toFixed(2),
      (cpuSeconds / gigabytes).toFixed(2),
      (peakBytes / 1e6).toFixed(1),
      (statSync(dump).size / 1e6).toFixed(1),
    ];
    return [`| ${gigabytes.toFixed(2)} | ${cells.join(' | ')} |`];
  });
  return [
    circumstances,
    '',
    '| whole memory, GB | wall, s | CPU, s | CPU, s per GB | peak memory, MB | dump, MB |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const kernel = stockKernel();
  const { device, out } = values;
  mkdirSync(out, { recursive: true });
  const bench = { kernel, device, out, keep: true, progress: (line: string) => console.error(line) };
  const folder = mkdtempSync(join(tmpdir(), 'bench-sizes-'));
  try {
    const cores = positionals.map((path) => resolve(path));
    for (const mib of cores.length > 0 ? [] : values.guest)
      cores.push(await wholeMemoryOf(scenario(Number(mib)), bench, COPY));
    const sizes = cores.map((core, n): Size => ({ core, dump: join(folder, `${n}.dump`) }));
    const contestants = sizes.map(
      ({ core, dump }): Contestant => ({ name: core, program: resolve(device), args: ['dump', core, dump] }),
    );
    const rounds = Number(values.rounds);
    const results = contest(contestants, rounds, folder, (line) => console.error(line));
    const day = new Date().toISOString().slice(0, 10);
    const circumstances = `${day}, ${kernel.release}, ${cpus().length} processors; medians of ${rounds} runs, taken in turn.`;
    const text = table(sizes, results, circumstances);
    console.log(text);
    if (values.write) recordTable('sizes', text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
