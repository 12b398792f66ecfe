import type { Title } from './title.ts';

const BANNER = /\[ {4}0\.0{6}\](?:\[ {0,8}T0\])? Linux version \d/;
const LATER = /\[ {0,8}[1-9]\d{0,9}\.\d{6}\]/;
/** What a machine says that goes down because it was told to, or because it had panicked. */
const ANNOUNCED =
  /reboot: |Rebooting in |kexec_core: Starting|Starting new kernel|sysrq: Resetting|Restarting system/;

/**
 * A console's capture in which one kernel's messages end and another boot follows, though nobody asked for it
 * and no crash was told: a watchdog, the power, or a fault too deep for words.
 */
export function unexpectedReboot(lines: readonly string[]): Title | null {
  let ran = false;
  let announced = false;
  for (const line of lines) {
    if (ran && !announced && BANNER.test(line)) {
      return { title: 'unexpected kernel reboot', kind: 'UNEXPECTED_REBOOT', frame: null, corrupted: false };
    }
    ran ||= LATER.test(line);
    announced ||= ran && ANNOUNCED.test(line);
  }
  return null;
}
