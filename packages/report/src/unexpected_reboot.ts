import type { Title } from './title.ts';

const BANNER = /\[ {4}0\.0{6}\](?:\[ {0,8}T0\])? Linux version \d/;
const LATER = /\[ {0,8}[1-9]\d{0,9}\.\d{6}\]/;
const LINES_BEFORE = 200;
/** What a machine says that goes down because it was told to, or because it had panicked. */
const ANNOUNCED =
  /reboot: |Rebooting in |kexec_core: Starting|Starting new kernel|sysrq: Resetting|Restarting system/;

/**
 * A console's capture in which one kernel's messages end and another boot follows, though nobody asked for it
 * and no crash was told: a watchdog, the power, or a fault too deep for words.
 */
export function unexpectedReboot(lines: readonly string[]): Title | null {
  for (const [index, line] of lines.entries()) {
    if (!line.includes('Linux version ') || !BANNER.test(line)) continue;
    // What an earlier kernel said at its end, at most.
    const before = lines.slice(Math.max(0, index - LINES_BEFORE), index);
    if (before.some((one) => LATER.test(one)) && !before.some((one) => ANNOUNCED.test(one))) {
      return { title: 'unexpected kernel reboot', kind: 'UNEXPECTED_REBOOT', frame: null, corrupted: false };
    }
  }
  return null;
}
