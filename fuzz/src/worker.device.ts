import * as std from 'quickjs:std';
import { QuickJsPort } from '../../packages/agent/src/device/quickjs_port.ts';
import { dumpSubject } from './dumps.ts';
import { type Job, type Platform, runCases } from './run_cases.ts';

// Runs on the device's engine: one word, the job as JSON.
const port = new QuickJsPort();
const TICK_MILLISECONDS = 10;

/** A file of /proc, whose length nobody knows before. */
function text(path: string): string {
  return String.fromCharCode(...port.readFile(path));
}

const platform: Platform = {
  cpuMilliseconds: () => {
    const stat = text('/proc/self/stat');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MILLISECONDS;
  },
  // 5: "reset the peak resident set size" (proc(5)).
  resetPeak: () => port.writeOnce('/proc/self/clear_refs', Uint8Array.of(0x35)),
  peakBytes: () => 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(text('/proc/self/status'))?.[1]),
  // This engine frees at once what nothing refers to.
  collectGarbage: () => undefined,
  warmUp: 4,
  say: (line) => port.say(line),
};
const job = JSON.parse(scriptArgs[1] ?? '') as Job;
runCases(platform, job, dumpSubject({ platform: port.platform, open: (path) => port.open(path) }, job));
std.exit(0);
