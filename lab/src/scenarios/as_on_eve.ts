import type { Checks } from '../checks.ts';
import { checkCollected } from '../collected.ts';
import { installGrub } from '../eve/grub.ts';
import { eveRootImage } from '../eve/root.ts';
import { checkNormalCollect, linesOf, words } from '../guest_words.ts';
import type { CycleRun, Scenario } from '../scenario.ts';
import { SYSRQ, SYSRQ_CRASH } from './parts.ts';

const CONTAINERS = ['000-storage-init', '001-kdump', '002-after'];
/** A container's start under emulation takes seconds; collect itself is over at once. */
const NORMAL_COLLECT_MS = 20_000;

/** The pieces of packaging/eve in the surroundings that they are made for. */
export const asOnEve: Scenario = {
  name: 'as-on-eve',
  group: 'eve',
  core: true,
  shows:
    'booted by GRUB, armed by /etc/init.d/000-kexec with the kvm flavour and not with xen, collected by the kdump container before any later one',
  guest: { crashkernel: null },
  ownBoot: { rootImage: eveRootImage, install: installGrub },
  cycles: [
    { append: 'lab.flavor=xen', ends: 'power-off' },
    { append: 'lab.flavor=kvm', crash: SYSRQ_CRASH, ends: 'reset' },
  ],
  async check(run, checks) {
    const [xen, kvm] = run.cycles;
    if (xen === undefined || kvm === undefined) throw new Error('there are not two power cycles');
    checkXen(xen, checks.at('cycle 1, xen'));
    checkKvm(kvm, checks.at('cycle 2, kvm'));
    await checkCollected(run, 1, checks, SYSRQ);
  },
};

/** No reservation, so not armed, and locked all the same. */
function checkXen(cycle: CycleRun, checks: Checks): void {
  checkGrub(cycle, checks);
  const line = commandLine(cycle, 'system');
  checks.at('command line').matches(line, / lab\.tweaks=xen$/);
  checks.at('armed').equal(armedWord(cycle, 'system'), 'armed rc=0 loaded=0 locked=1');
  checks
    .at('output of 000-kexec')
    .matches(cycle.lab.text('/out/1/arm.txt'), /no memory is reserved for a capture kernel/);
  checkOnboot(cycle, checks);
  checks.at('/persist').same(
    cycle.persist.in('/').map(({ path }) => path),
    [],
  );
}

function checkKvm(cycle: CycleRun, checks: Checks): void {
  checkGrub(cycle, checks);
  checks
    .at('command line')
    .matches(commandLine(cycle, 'system'), /BOOT_IMAGE=.* lab\.tweaks=kvm crashkernel=128M$/);
  checkOnboot(cycle, checks);

  const capture = checks.at('capture boot');
  const line = commandLine(cycle, 'capture');
  capture.at('command line').matches(line, / irqpoll nr_cpus=1 reset_devices nomodule\b/);
  capture.at('command line').lacks(line, /BOOT_IMAGE=|crashkernel=/);
  capture.at('armed').equal(armedWord(cycle, 'capture'), 'armed rc=0 loaded=0 locked=1');
  capture.at('containers').same(started(cycle, 'capture'), CONTAINERS.slice(0, 2));
  capture.at('containers that ended').same(ended(cycle, 'capture'), ['onboot 000-storage-init rc=0']);
  capture.lacks(words(cycle, 'capture').join('\n'), /after kdump|onboot done/);
}

/** The fragment reserves memory for x86_64, which is i386 to GRUB under BIOS, with kvm, and for nothing else. */
function checkGrub(cycle: CycleRun, checks: Checks): void {
  checks.at('command line').matches(commandLine(cycle, 'system'), / lab\.reserves=none,x86_64-kvm,i386-kvm /);
}

/** In a system boot every container runs and ends, and collect leaves persist alone. */
function checkOnboot(cycle: CycleRun, checks: Checks): void {
  checks.at('containers').same(started(cycle, 'system'), CONTAINERS);
  checks.at('containers that ended').same(
    ended(cycle, 'system'),
    CONTAINERS.map((name) => `onboot ${name} rc=0`),
  );
  checks.at('words').matches(words(cycle, 'system').join('\n'), /^after kdump$/m);
  checkNormalCollect(cycle, checks);
  const took = words(cycle, 'system').flatMap(
    (word) => /^collect .*milliseconds=(\d+)$/.exec(word)?.[1] ?? [],
  );
  checks.at('milliseconds of the kdump container').between(Number(took[0]), 0, NORMAL_COLLECT_MS);
}

function started(cycle: CycleRun, kind: 'system' | 'capture'): string[] {
  return words(cycle, kind).flatMap((word) => /^onboot (\S+) with /.exec(word)?.[1] ?? []);
}

function ended(cycle: CycleRun, kind: 'system' | 'capture'): string[] {
  return words(cycle, kind).filter((word) => /^onboot \S+ rc=/.test(word));
}

function armedWord(cycle: CycleRun, kind: 'system' | 'capture'): string | undefined {
  return words(cycle, kind).find((word) => word.startsWith('armed '));
}

/** As the kernel shows it. */
function commandLine(cycle: CycleRun, kind: 'system' | 'capture'): string {
  const shown = linesOf(cycle, kind).find((line) => / Command line: /.test(line)) ?? '';
  return shown.replace(/^.* Command line: /, '');
}
