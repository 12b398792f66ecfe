import type { KernelBoot } from '@kcrash/lab/console';
import type { CycleRun, Scenario, ScenarioRun } from '@kcrash/lab/scenario';

/** Who collects: kcrash by its own engine or by makedumpfile, or a script. */
export type Collector = 'native' | 'makedumpfile' | 'script';

/** What one capture came to. Times in seconds from the panic, as the host's clock saw the console. */
export interface Capture {
  readonly collector: Collector;
  readonly crashkernelMib: number;
  /** Why nothing whole was collected; null where all was. */
  readonly failure: string | null;
  readonly restartSeconds: number;
  /** When reboot-reason had its name in persist. */
  readonly reasonWrittenSeconds: number | null;
  /** When it would have outlived a power cut. */
  readonly reasonSafeSeconds: number | null;
  readonly dumpBytes: number;
  readonly writtenBytes: number;
  /** Memory of the capture kernel in use at most, and at the start, in KiB. */
  readonly peakKib: number | null;
  readonly idleKib: number | null;
}

/**
 * Samples memory four times a second, and the moment when the reason has its name, with the shell's own means:
 * the same load on the one CPU for either collector.
 */
const SAMPLER = `
sample() {
  least=99999999
  reason=
  while :; do
    { read -r _ total _; read -r _; read -r _ free _; } </proc/meminfo
    [ "$least" = 99999999 ] && say "bench idle=$((total - free))"
    if [ "$free" -lt "$least" ]; then least=$free; say "bench used=$((total - free))"; fi
    if [ -z "$reason" ] && [ -s /persist/reboot-reason ]; then reason=yes; say 'bench reason written'; fi
    sleep 0.25
  done
}
sample &
`;

/**
 * EVE-OS's way of collecting, written anew from what its kdump package does (pkg/kdump of lf-edge/eve): log,
 * the panic on the console with a pause of 0.2 s a line, an uncompressed dump as it was kept until June 2024,
 * the reason files, and only then a sync.
 */
const SCRIPT = `
folder=/persist/kcrashes
mkdir -p $folder
stamp=$(date -Is)
makedumpfile --dump-dmesg /proc/vmcore /tmp/dmesg >/dev/null || say 'bench makedumpfile failed'
echo '>>>>>>>>>> Crashed kernel dmesg BEGIN <<<<<<<<<<' >/dev/kmsg
sed -n '/Kernel panic - not syncing/,$p' /tmp/dmesg | while IFS= read -r line; do
  echo "$line" >/dev/kmsg
  sleep 0.2
done
echo '>>>>>>>>>> Crashed kernel dmesg END <<<<<<<<<<' >/dev/kmsg
cp /tmp/dmesg "$folder/dmesg-$stamp.log"
makedumpfile -d 31 --message-level 4 /proc/vmcore "$folder/kdump-$stamp.dump" || say 'bench makedumpfile failed'
echo "kernel panic, kdump collected: $folder/kdump-$stamp.dump" >/persist/reboot-reason
cat /tmp/dmesg >/persist/reboot-stack
echo BootReasonKernel >/persist/boot-reason
say 'bench reason written'
umount /persist
sync
say 'bench reason safe'
echo b >/proc/sysrq-trigger
sleep 1000
`;

/** A crash collected by one of them, in a reservation of a size. `done` gets what came of it. */
export function captureScenario(
  collector: Collector,
  crashkernelMib: number,
  memoryMib: number,
  done: (capture: Capture) => void,
): Scenario {
  return {
    name: `bench-${collector}-${crashkernelMib}`,
    group: 'capture',
    shows: `how ${collector} collects in ${crashkernelMib} MiB`,
    core: false,
    guest: { memoryMib, crashkernel: `${crashkernelMib}M`, panic: -1 },
    persist: { sizeMib: 1024 },
    conf: collector === 'script' ? '' : `engine = ${collector}\n`,
    cycles: [
      {
        crash: 'echo c >/proc/sysrq-trigger',
        beforeCollect: `${SAMPLER}${collector === 'script' ? SCRIPT : ''}`,
        ends: 'reset',
      },
    ],
    limitSeconds: 600,
    check(run) {
      done(measure(run, collector, crashkernelMib));
    },
  };
}

function measure(run: ScenarioRun, collector: Collector, crashkernelMib: number): Capture {
  const cycle = run.cycles[0] as CycleRun;
  const system = cycle.boots.find(({ kind }) => kind === 'system');
  const capture = cycle.boots.find(({ kind }) => kind === 'capture');
  const panic = whenSaid(system, /Kernel panic - not syncing/);
  const since = (at: number | null) => (at === null || panic === null ? null : at - panic);
  const written = since(whenSaid(capture, /lab: bench reason written/));
  const used = numbersSaid(capture, /lab: bench used=(\d+)/);
  const kept = cycle.persist.entries.filter(({ kind }) => kind === 'file');
  const dump = kept.find(({ path }) => path.endsWith('.dump'));
  return {
    collector,
    crashkernelMib,
    failure: whyNotWhole(cycle, capture),
    restartSeconds: cycle.seconds - (panic ?? 0),
    reasonWrittenSeconds: written,
    // kcrash gives a file its name only after its content is on disk; the script syncs at its end.
    reasonSafeSeconds: collector !== 'script' ? written : since(whenSaid(capture, /lab: bench reason safe/)),
    dumpBytes: dump?.size ?? 0,
    writtenBytes: kept.reduce((sum, { size }) => sum + size, 0),
    peakKib: used.length === 0 ? null : Math.max(...used),
    idleKib: numbersSaid(capture, /lab: bench idle=(\d+)/)[0] ?? null,
  };
}

/** Reasons, log and dump must all be there, the dump with its signature and not marked incomplete. */
function whyNotWhole(cycle: CycleRun, capture: KernelBoot | undefined): string | null {
  if (capture === undefined) return 'the capture kernel never reached init';
  const { persist } = cycle;
  const names = persist.entries.map(({ path }) => path);
  for (const wanted of [/^\/kcrashes\/dmesg-.*\.log$/, /^\/kcrashes\/kdump-.*\.dump$/, /^\/reboot-reason$/]) {
    const path = names.find((name) => wanted.test(name));
    if (path === undefined) return `no ${wanted.source}`;
    if (!path.endsWith('.dump')) continue;
    const head = persist.read(path).subarray(0, 4096);
    if (head.toString('latin1', 0, 8) !== 'KDUMP   ' || (head.readUInt32LE(424) & 8) !== 0)
      return 'no whole dump';
  }
  if (!persist.text('/reboot-reason').includes('kdump collected')) return 'reboot-reason names no dump';
  // Where its own engine fails kcrash says so, and another one's dump does not count.
  return /^Dump by .*$/m.exec(persist.text('/reboot-stack').slice(-1600))?.[0] ?? null;
}

function whenSaid(boot: KernelBoot | undefined, pattern: RegExp): number | null {
  return boot?.lines.find(({ text }) => pattern.test(text))?.at ?? null;
}

function numbersSaid(boot: KernelBoot | undefined, pattern: RegExp): number[] {
  return (boot?.lines ?? []).flatMap(({ text }) => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? [] : [Number(found)];
  });
}
