import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Checks } from '../checks.ts';
import { checkCollected } from '../collected.ts';
import { exec } from '../exec.ts';
import { CANARY_CLASSES, parsePlanted } from '../leaks/canaries.ts';
import { checkPlanted, countCanaries } from '../leaks/check_canaries.ts';
import { searchDump } from '../leaks/search.ts';
import { guestProgram } from '../oracle/programs.ts';
import type { CycleRun, Scenario } from '../scenario.ts';
import { SYSRQ, SYSRQ_CRASH } from './parts.ts';

const PLANTED = '/out/1/canaries';

/** The freed pages come last: whatever runs after takes them again. */
const PLANT = `
ifconfig lo 127.0.0.1 up
mkdir /dev/pts
mount -t devpts devpts /dev/pts
echo 40 >/proc/sys/vm/nr_hugepages
canary plant /lab${PLANTED}
say "canaries planted: $?"
canary freed
${SYSRQ_CRASH}
`;

/** What the dump is taken from, whole, so that the canaries that it should not hold are seen to have been there. */
const WHOLE_MEMORY = 'cp /proc/vmcore /persist/vmcore\nsay "memory copied: $?"';

/** A crash with a canary in every class of memory; the capture boot keeps the dump and the whole memory. */
function canaryScenario(
  scenario: Pick<Scenario, 'name' | 'shows' | 'core' | 'conf'>,
  judge: (inDump: ReadonlyMap<string, readonly number[]>, checks: Checks) => void,
): Scenario {
  return {
    ...scenario,
    group: 'dump',
    guest: { memoryMib: 1024, append: 'secretmem.enable=1' },
    persist: { sizeMib: 3072 },
    madeFiles: async () => ({ 'bin/canary': await guestProgram('canary') }),
    limitSeconds: 600,
    cycles: [{ crash: PLANT, beforeCollect: WHOLE_MEMORY, ends: 'reset' }],
    async check(run, checks) {
      const found = await checkCollected(run, 0, checks, { ...SYSRQ, others: ['/vmcore'] });
      const cycle = run.cycles[0];
      if (cycle === undefined || found === undefined) return;
      const whole = await copyOut(cycle, '/vmcore');
      const dump = await copyOut(cycle, `/kcrashes/kdump-${found.date}.dump`);
      const planted = parsePlanted(cycle.lab.text(PLANTED));
      const inMemory = searchDump(whole);
      const inDump = searchDump(dump);
      const counts = countCanaries(planted, inMemory, inDump);
      writeFileSync(join(dirname(dump), 'canaries.json'), `${JSON.stringify(counts, null, 2)}\n`);
      checkPlanted(planted, inMemory, checks.at('whole memory'));
      judge(inDump, checks.at('dump'));
    },
  };
}

/** Copies a file of persist out, beside the console of the run. */
async function copyOut({ persist }: CycleRun, path: string): Promise<string> {
  const entry = persist.find(path);
  if (entry === undefined) throw new Error(`persist has no ${path}`);
  const to = join(dirname(persist.image), path.replace(/.*\//, ''));
  await exec('debugfs', ['-R', `dump <${entry.inode}> ${to}`, persist.image]);
  return to;
}

export const leaks: readonly Scenario[] = [
  canaryScenario(
    {
      name: 'canaries-makedumpfile',
      core: false,
      shows: "canaries are found where makedumpfile's filter leaks them, so that the search proves itself",
      conf: 'engine = makedumpfile\n',
    },
    (inDump, checks) => {
      const leaked = CANARY_CLASSES.filter(({ name }) => inDump.has(name)).map(({ name }) => name);
      for (const name of ['key', 'pipe', 'unix-stream'])
        checks.at('classes that leak').that(leaked.includes(name), name, leaked.join(', '));
    },
  ),
];
