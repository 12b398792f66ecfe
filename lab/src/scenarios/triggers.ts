import { checkCollected } from '../collected.ts';
import type { Scenario } from '../scenario.ts';

export const triggers: readonly Scenario[] = [
  {
    name: 'c-sysrq',
    group: 'triggers',
    shows: '`c` written to /proc/sysrq-trigger ends in a collected dump',
    core: true,
    cycles: [{ crash: 'echo c >/proc/sysrq-trigger', ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, {
        starts: /Kernel panic - not syncing: sysrq triggered crash/,
        panic: /Kernel panic - not syncing: sysrq triggered crash/,
      });
    },
  },
];
