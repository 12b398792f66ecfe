import { readRecord, whatWasCut } from '@kcrash/vmcore/container/kdump_record';
import { openContainer } from '@kcrash/vmcore/container/open';
import { describe } from './arm.ts';
import type { DumpEngine, DumpRequest, DumpResult } from './dump_engine.ts';
import { readKdumpStatus } from './kdump_header.ts';
import type { Ended, Port } from './port.ts';
import { sourceOf } from './vmcore_log.ts';

/** This program, by whatever name it was started. */
const SELF = '/proc/self/exe';
const MIB = 1_048_576;
/** Reading a dump's notes is a matter of milliseconds. */
const RECORD_LIMIT_SECONDS = 10;
/** It tells how far it is once a second, and why it failed at its end. */
const OUTPUT_LIMIT_BYTES = 1 << 20;
/** How `kcrash dump` ends where the budget has no room for what any dump begins with. */
const NO_ROOM = 3;

/** `kcrash dump` as dump engine: in a process of its own, with memory of its own. */
export const nativeEngine: DumpEngine = { name: 'native', dump };

function dump(port: Port, request: DumpRequest): DumpResult {
  const budget = String(Math.floor(request.sizeLimitBytes / MIB));
  const ended = port.run([SELF, 'dump', request.vmcore, request.out, '--budget-mib', budget], {
    limitSeconds: request.limitSeconds,
    outputLimitBytes: OUTPUT_LIMIT_BYTES,
    whileRunning: request.whileRunning,
  });
  if (ended.how !== 'exited' || ended.code !== 0) {
    const tooSmall = ended.how === 'exited' && ended.code === NO_ROOM;
    return { ok: false, why: `kcrash dump: ${whyEnded(ended)}`, tooSmall };
  }
  const status = readKdumpStatus(port, request.out);
  if (status === null) {
    return {
      ok: false,
      why: 'kcrash dump ended well, but what it wrote is not a kdump file',
      tooSmall: false,
    };
  }
  const complete = !status.incomplete;
  return { ok: true, complete, codec: status.codec, leftOut: complete ? null : leftOut(port, request.out) };
}

/** How it ended, with its last words but without the lines by which it told how far it was. */
function whyEnded(ended: Ended): string {
  if (ended.how === 'not-started') return describe(ended);
  const words = ended.output.split('\n').filter((line) => line.startsWith('kcrash: '));
  return describe({ ...ended, output: words.slice(-1).join('') });
}

/** The dump's own record of what had no room. */
function leftOut(port: Port, path: string): string | null {
  const told = port.isolate(RECORD_LIMIT_SECONDS, () => {
    const file = port.open(path);
    try {
      const record = readRecord(openContainer(sourceOf(file)).notes);
      return (record && whatWasCut(record)) ?? null;
    } finally {
      file.close();
    }
  });
  return told.ok ? told.value : null;
}
