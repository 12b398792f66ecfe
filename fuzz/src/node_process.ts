import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import type { Platform } from './run_cases.ts';

/** A process of Node. */
export const nodeProcess: Platform = {
  cpuMilliseconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  // 5: "reset the peak resident set size" (proc(5)).
  resetPeak: () => writeFileSync('/proc/self/clear_refs', '5'),
  peakBytes: () => 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]),
  collectGarbage: () => globalThis.gc?.(),
  warmUp: 4,
  say: (line) => writeSync(1, `${line}\n`),
};
