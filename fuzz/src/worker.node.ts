import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { nodeCodecs } from '@kcrash/vmcore/codecs/codecs.node';
import { type Job, type Platform, runCases } from './run_cases.ts';

// Runs on Node: one word, the job as JSON.
const platform: Platform = {
  codecs: nodeCodecs,
  open: (path) => new FileSource(path),
  cpuMilliseconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  // 5: "reset the peak resident set size" (proc(5)).
  resetPeak: () => writeFileSync('/proc/self/clear_refs', '5'),
  peakBytes: () => 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]),
  collectGarbage: () => globalThis.gc?.(),
  say: (line) => writeSync(1, `${line}\n`),
};
runCases(platform, JSON.parse(process.argv[2] ?? '') as Job);
