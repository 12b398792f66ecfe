import type { Checks } from '../checks.ts';
import type { Expected } from '../collected.ts';
import type { Ext4Files } from '../ext4.ts';
import { linesOf } from '../guest_words.ts';
import type { GuestFile } from '../image.ts';
import type { CycleRun } from '../scenario.ts';

/** The plainest of all crashes, for scenarios that are about something else. */
export const SYSRQ_CRASH = 'echo c >/proc/sysrq-trigger';

const SYSRQ_PANIC = /Kernel panic - not syncing: sysrq triggered crash/;

/** What that crash must leave. */
export const SYSRQ: Expected = { starts: /Kernel panic - not syncing: sysrq/, panic: SYSRQ_PANIC };

/** Shell that crashes by the lab's own module. */
export function byModule(how: string): string {
  return `insmod /lab/lab_crash.ko how=${how}`;
}

/** Shell that fills persist to its last block, those reserved for root included. */
export const FILL_PERSIST = `
dd if=/dev/zero of=/persist/filler bs=1M 2>/dev/null
dd if=/dev/zero of=/persist/filler-2 bs=1k 2>/dev/null
sync
say "persist has $(df -k /persist | awk 'END { print $4 }') KiB free"
`;

/** Bytes that no compression and no sparse file makes smaller; the same for the same seed. */
export function noise(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed >>> 0 || 1;
  for (let at = 0; at + 4 <= size; at += 4) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state, at);
  }
  return bytes;
}

/** Crashes of earlier days, oldest first: a log and a dump of the given size each. */
export function oldCrashes(count: number, dumpBytes: number): Record<string, GuestFile> {
  const files: Record<string, GuestFile> = {};
  for (let day = 1; day <= count; day += 1) {
    const date = oldDate(day);
    files[`kcrashes/dmesg-${date}.log`] = { content: `the log of day ${day}\n`, mode: 0o600 };
    files[`kcrashes/kdump-${date}.dump`] = { content: noise(dumpBytes, day), mode: 0o600 };
  }
  return files;
}

export function oldDate(day: number): string {
  return `2024-05-${String(day).padStart(2, '0')}T12:00:00+00:00`;
}

/** Files that were there before are there still, byte for byte. */
export function checkUntouched(
  persist: Ext4Files,
  files: Readonly<Record<string, GuestFile>>,
  checks: Checks,
): void {
  for (const [name, { content }] of Object.entries(files)) {
    const at = checks.at(`/${name}`);
    if (!at.that(persist.find(`/${name}`) !== undefined, 'the file as it was', 'none')) continue;
    at.that(persist.read(`/${name}`).equals(Buffer.from(content)), 'the bytes it had', 'others');
  }
}

/** Shell for the capture boot that keeps the whole memory of the crashed machine, as `/vmcore` of persist. */
export const WHOLE_MEMORY = 'cp /proc/vmcore /persist/vmcore\nsay "memory copied: $?"';

/** The conf line for scenarios about the other engine. */
export const BY_MAKEDUMPFILE = 'engine = makedumpfile\n';

/** A makedumpfile that does its work for the log and for `-v`, and something else for the dump. */
export function dumpWrapper(script: string): GuestFile {
  const content = `#!/bin/busybox sh
case " $* " in
*" --dump-dmesg "* | *" -v "*) exec /usr/bin/makedumpfile "$@" ;;
esac
for out; do :; done
${script.trim()}
`;
  return { content, mode: 0o755 };
}

/** Shell for such a wrapper: writes half a dump, on disk as far as it goes, stops there and says so. */
export const HALF_A_DUMP = `
/usr/bin/makedumpfile "$@" &
dump=$!
until [ "$(stat -c %s "$out" 2>/dev/null || echo 0)" -gt 6000000 ]; do usleep 20000; done
kill -STOP $dump
sync
echo "<1>lab: half a dump" >/dev/kmsg
`;

/** The conf line that puts such a wrapper, at `/lab/makedumpfile`, in place. */
export const WITH_WRAPPER = `${BY_MAKEDUMPFILE}makedumpfile_path = /lab/makedumpfile\n`;

/** The capture kernel's console as one text. */
export function captureConsole(cycle: CycleRun): string {
  return linesOf(cycle, 'capture').join('\n');
}

export function systemConsole(cycle: CycleRun): string {
  return linesOf(cycle, 'system').join('\n');
}
