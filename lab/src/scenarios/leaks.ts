import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Report } from '@kcrash/report/report';
import type { Checks } from '../checks.ts';
import { checkCollected } from '../collected.ts';
import { auditOf, copyOut, differences, reportOf } from '../leaks/after_crash.ts';
import { parsePlanted } from '../leaks/canaries.ts';
import { checkDropped, checkPlanted, countCanaries, type Finds } from '../leaks/check_canaries.ts';
import { searchDump } from '../leaks/search.ts';
import { guestProgram } from '../oracle/programs.ts';
import type { Scenario } from '../scenario.ts';
import { SYSRQ, SYSRQ_CRASH, WHOLE_MEMORY } from './parts.ts';

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

/** A dump of a crash with canaries, and the whole memory of that crash. */
interface Leaks {
  readonly dump: string;
  readonly whole: string;
  readonly inDump: Finds;
}

interface Variant extends Pick<Scenario, 'name' | 'shows' | 'core' | 'conf'> {
  readonly cut?: boolean;
  judge(found: Leaks, checks: Checks): Promise<void> | void;
}

/** A crash with a canary in every class of memory; the capture boot keeps the dump and the whole memory. */
function canaryScenario({ cut = false, judge, ...scenario }: Variant): Scenario {
  return {
    ...scenario,
    group: 'leaks',
    guest: { memoryMib: 1024, append: 'secretmem.enable=1' },
    persist: { sizeMib: 3072 },
    madeFiles: async () => ({ 'bin/canary': await guestProgram('canary') }),
    limitSeconds: 1800,
    cycles: [{ crash: PLANT, beforeCollect: WHOLE_MEMORY, ends: 'reset' }],
    async check(run, checks) {
      const expected = { ...SYSRQ, others: ['/vmcore'], dump: cut ? 'cut' : 'whole' } as const;
      const found = await checkCollected(run, 0, checks, expected);
      const cycle = run.cycles[0];
      if (cycle === undefined || found?.dump === undefined) return;
      const whole = await copyOut(cycle, '/vmcore');
      try {
        const dump = await copyOut(cycle, `/kcrashes/kdump-${found.date}.dump`);
        const inMemory = searchDump(whole);
        const inDump = searchDump(dump);
        const counts = countCanaries(inMemory, inDump);
        writeFileSync(join(dirname(dump), 'canaries.json'), `${JSON.stringify(counts, null, 2)}\n`);
        // An empty file, as of a guest that could plant all, may not have reached the disk.
        const failures = cycle.lab.find(PLANTED) === undefined ? '' : cycle.lab.text(PLANTED);
        checkPlanted(parsePlanted(failures), inMemory, checks.at('whole memory'));
        await judge({ dump, whole, inDump }, checks);
      } finally {
        rmSync(whole);
      }
    },
  };
}

/** What a report must have of a dump that a small budget cut. */
const CORE_SECTIONS = ['panic', 'cpus', 'tasks', 'modules', 'log'] as const;

async function compareReports(
  { dump, whole }: Leaks,
  checks: Checks,
  sections?: readonly (keyof Report)[],
): Promise<void> {
  const [wanted, found] = [await reportOf(whole), await reportOf(dump)];
  const pick = (report: Report) =>
    sections === undefined ? report : Object.fromEntries(sections.map((name) => [name, report[name]]));
  checks
    .at('report of the dump, against that of the whole memory')
    .same(differences(pick(wanted), pick(found)), []);
}

export const leaks: readonly Scenario[] = [
  canaryScenario({
    name: 'canaries',
    core: true,
    shows: 'no page of the dump holds a user’s data, and its report is that of the whole memory',
    async judge(found, checks) {
      checkDropped(found.inDump, checks.at('dump'));
      await compareReports(found, checks);
      checks
        .at('classes in which the audit finds canaries')
        .same([...(await auditOf(found.dump)).keys()], []);
    },
  }),
  canaryScenario({
    name: 'canaries-budget',
    core: false,
    shows:
      'a dump of at most 8 MiB tells of the panic, every CPU, every task, modules and log as a whole one',
    conf: 'dump_budget_mib = 8\n',
    cut: true,
    async judge(found, checks) {
      checkDropped(found.inDump, checks.at('dump'));
      await compareReports(found, checks, CORE_SECTIONS);
      const { problems } = await reportOf(found.dump);
      const told = problems.filter(({ section }) => section === 'container').map(({ message }) => message);
      checks
        .at('what the report says of the cut')
        .matches(told.join('\n'), /Left out since .* pages of tier /);
    },
  }),
  canaryScenario({
    name: 'canaries-makedumpfile',
    core: false,
    shows: "canaries are found where makedumpfile's filter leaks them, so that the search proves itself",
    conf: 'engine = makedumpfile\n',
    async judge({ dump, inDump }, checks) {
      const leaking = ['key', 'pipe', 'unix-stream', 'freed', 'console', 'pty-input'];
      for (const name of leaking) checks.at(`dump: pages with ${name}`).that(inDump.has(name), 'some', 0);
      const audited = [...(await auditOf(dump)).keys()].join(', ');
      for (const name of ['slab', 'vmalloc', 'socket payload'])
        checks
          .at(`classes in which the audit finds canaries: ${name}`)
          .matches(audited, new RegExp(`\\b${name}\\b`));
    },
  }),
];
