import type { Checks } from '../checks.ts';
import { checkCollected } from '../collected.ts';
import { checkNormalCollect, word, words } from '../guest_words.ts';
import type { CycleRun, Scenario, ScenarioRun } from '../scenario.ts';
import { noise, SYSRQ, SYSRQ_CRASH, systemConsole } from './parts.ts';

/** A scenario in which arming is not possible; the crash then restarts the machine as if kcrash were not there. */
function unarmed(
  name: string,
  core: boolean,
  shows: string,
  wanted: { readonly rc: number; readonly says: RegExp },
  more: Partial<Scenario>,
): Scenario {
  return {
    name,
    group: 'arm',
    core,
    shows,
    cycles: [{ crash: SYSRQ_CRASH, ends: 'reset' }],
    check: (run, checks) => checkUnarmed(run, checks, wanted),
    ...more,
  };
}

function checkUnarmed(
  run: ScenarioRun,
  all: Checks,
  wanted: { readonly rc: number; readonly says: RegExp },
): void {
  const cycle = run.cycles[0];
  if (cycle === undefined) return;
  const checks = all.at('system boot');
  checks.equal(word(cycle, 'system', 'armed rc=', checks), `armed rc=${wanted.rc} loaded=0 locked=1`);
  checks.at('output of arm').matches(armOutput(cycle), wanted.says);
  checkNormalCollect(cycle, checks);
  checks.at('output of status').matches(cycle.lab.text('/out/1/status.json'), /"ready": false/);
  all.at('kernels that ran').same(
    cycle.boots.map(({ kind }) => kind),
    ['system'],
  );
  all.at('console').matches(systemConsole(cycle), SYSRQ.panic);
  all.at('persist').same(
    cycle.persist.in('/').map(({ path }) => path),
    [],
  );
}

function armOutput(cycle: CycleRun): string {
  return cycle.lab.text(`/out/${cycle.number}/arm.txt`);
}

const BROKEN_KERNEL = { 'broken-kernel': { content: noise(100_000, 3) } };

export const arm: readonly Scenario[] = [
  unarmed(
    'no-crashkernel',
    true,
    'without crashkernel= arm says so, locks, and is no error',
    { rc: 0, says: /no memory is reserved.*no crashkernel=/ },
    { guest: { crashkernel: null } },
  ),
  unarmed(
    'crashkernel-zero',
    false,
    'with crashkernel=0 arm says so, locks, and is no error',
    { rc: 0, says: /no memory is reserved.*crashkernel=0/ },
    { guest: { crashkernel: '0' } },
  ),
  unarmed(
    'crashkernel-too-large',
    false,
    'a reservation that failed is none: arm says so, locks, and is no error',
    { rc: 0, says: /no memory is reserved.*crashkernel=4G/ },
    { guest: { crashkernel: '4G' } },
  ),
  unarmed(
    'kexec-fails',
    true,
    'a kernel file that kexec refuses fails arm, with the words of kexec, and kexec is locked',
    { rc: 1, says: /not armed: .*broken-kernel.*\S/ },
    { conf: 'kernel_path = /lab/broken-kernel\n', files: BROKEN_KERNEL },
  ),
  unarmed(
    'kexec-missing',
    false,
    'without the kexec program arm fails and says so, and kexec is locked',
    { rc: 1, says: /not armed: .*no-such-kexec|not started/ },
    { conf: 'kexec_path = /usr/sbin/no-such-kexec\n' },
  ),
  unarmed(
    'already-locked',
    false,
    'where kexec is locked already with nothing loaded arm fails and says so',
    { rc: 1, says: /locked already/ },
    {
      cycles: [
        { beforeArm: 'echo 1 >/proc/sys/kernel/kexec_load_disabled', crash: SYSRQ_CRASH, ends: 'reset' },
      ],
    },
  ),
  {
    name: 'arm-twice',
    group: 'arm',
    shows: 'a second arm leaves the first as it is, and the crash is collected',
    core: false,
    cycles: [{ beforeArm: 'kcrash arm && say "armed before"', crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      checks.at('output of the second arm').matches(armOutput(cycle), /already armed/);
      await checkCollected(run, 0, checks, SYSRQ);
    },
  },
  {
    name: 'bad-setting',
    group: 'arm',
    shows: 'a bad setting is named with its file, line and value, and the default stands',
    core: false,
    conf: '# settings\ndump_level = lots\nno_such_setting = 1\n',
    cycles: [{ crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      const said = armOutput(cycle);
      checks.at('output of arm').matches(said, /\/etc\/kcrash\.conf:2: dump_level = lots: .*0 to 31/);
      checks.at('output of arm').matches(said, /\/etc\/kcrash\.conf:3: no_such_setting/);
      await checkCollected(run, 0, checks, SYSRQ);
    },
  },
];

const OLD: Scenario['persist'] = { files: { 'kcrashes/other.txt': { content: 'not ours\n' } } };

export const normal: readonly Scenario[] = [
  {
    name: 'normal-boot',
    group: 'normal',
    shows: 'in a normal boot collect returns 0 at once and touches nothing, and status says ready',
    core: true,
    persist: OLD,
    cycles: [{ ends: 'power-off' }],
    check(run, checks) {
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      const at = checks.at('system boot');
      at.equal(word(cycle, 'system', 'armed rc=', at), 'armed rc=0 loaded=1 locked=1');
      checkNormalCollect(cycle, at);
      const milliseconds = /milliseconds=(\d+)/.exec(word(cycle, 'system', 'collect rc=', at))?.[1];
      at.at('milliseconds of collect').between(Number(milliseconds), 0, 1000);
      at.at('status').matches(cycle.lab.text('/out/1/status.json'), /"ready": true/);
      at.at('exit status of status').equal(cycle.lab.text('/out/1/status.rc'), '0\n');
      at.at('end').same(words(cycle, 'system').slice(-1), ['power off']);
      checks.at('persist').same(
        cycle.persist.in('/').map(({ path }) => path),
        ['/kcrashes'],
      );
    },
  },
  {
    name: 'normal-boot-after-crash',
    group: 'normal',
    shows: 'the boot after a crash is a normal one, touches nothing, and its status names the crash',
    core: false,
    cycles: [{ crash: SYSRQ_CRASH, ends: 'reset' }, { ends: 'power-off' }],
    async check(run, checks) {
      const found = await checkCollected(run, 0, checks, SYSRQ);
      const [crash, after] = run.cycles;
      if (crash === undefined || after === undefined) return;
      const at = checks.at('cycle 2');
      checkNormalCollect(after, at);
      at.at('status').matches(
        after.lab.text('/out/2/status.json'),
        new RegExp(`"date": "${found?.date.replace('+', '\\+')}"`),
      );
      const files = ({ persist }: CycleRun) =>
        persist.entries.map((each) => `${each.path} ${each.size} ${each.modified}`);
      at.at('persist').same(files(after).filter(isFile), files(crash).filter(isFile));
    },
  },
];

/** Folders that were mounted have new times; files must not. */
function isFile(line: string): boolean {
  return /reason|stack|\.log|\.dump/.test(line);
}
