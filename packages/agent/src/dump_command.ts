import { progressText, summaryLines } from '@kcrash/report/dump_words';
import type { ByteSink } from '@kcrash/vmcore/bytes/byte_sink';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { openDump } from '@kcrash/vmcore/dump';
import { planPages } from '@kcrash/vmcore/pages/plan';
import { type DumpSummary, writeDump } from '@kcrash/vmcore/write_dump';
import type { DumpWish } from './dump_options.ts';
import { isNoRoom, partOf, writeWhole } from './durable.ts';
import { type Port, PortError, type Writer } from './port.ts';
import { sourceOf } from './vmcore_log.ts';

/** Exit status where the budget or the disk has no room. */
const NO_ROOM = 3;
/** 128 and the number of SIGINT. */
const INTERRUPTED = 130;
/** 1.5 MB of pages: a pass over the memory map needs each page once. */
const CACHE_PAGES = 384;
const PROGRESS_SECONDS = 1;

/** Whoever started the program wants it to stop. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * `kcrash dump SOURCE OUT`: writes a minimal dump under a temporary name, and gives it its own when it is whole on
 * disk. Returns the exit status: 0 done, 1 not, 3 no room, 130 interrupted.
 */
export function writeDumpFile(port: Port, path: string, wish: DumpWish, version: string): number {
  // Paths of the agent's own have a folder.
  const out = wish.out.includes('/') ? wish.out : `./${wish.out}`;
  try {
    const start = port.monotonicSeconds();
    const summary = writeFrom(port, path, { ...wish, out }, version);
    for (const line of summaryLines(summary, wish.out, port.monotonicSeconds() - start)) port.say(line);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      port.complain('kcrash: stopped; nothing was left behind');
      return INTERRUPTED;
    }
    if (!(error instanceof DumpError || error instanceof PortError)) throw error;
    port.complain(`kcrash: ${path}: ${error.message}`);
    return isNoRoom(error) || (error instanceof DumpError && error.code === 'no-room') ? NO_ROOM : 1;
  }
}

function writeFrom(port: Port, path: string, wish: DumpWish, version: string): DumpSummary {
  const file = port.open(path);
  try {
    const dump = openDump(sourceOf(file), { cachePages: CACHE_PAGES, ...port.platform });
    const plan = planPages(dump, wish);
    const packer = port.packer(wish.codec ?? port.packCodecs[0] ?? 'none', dump.physical.pageSize);
    try {
      let summary: DumpSummary | undefined;
      writeWhole(port, wish.out, { mode: 0o600 }, (writer) => {
        const steps = writeDump(dump, plan, sinkOf(writer), {
          packer,
          writer: `kcrash ${version}`,
          timestamp: port.clock().unixSeconds,
          budgetBytes: wish.budgetBytes,
        });
        summary = runTo(port, steps);
      });
      if (summary === undefined) throw new Error(`${partOf(wish.out)} was not written`);
      return summary;
    } finally {
      packer.close();
    }
  } finally {
    file.close();
  }
}

/** Takes the steps, tells of them once a second, and stops at Ctrl-C. */
function runTo(port: Port, steps: ReturnType<typeof writeDump>): DumpSummary {
  const start = port.monotonicSeconds();
  let next = start + PROGRESS_SECONDS;
  for (;;) {
    if (port.interrupted()) throw new Interrupted();
    const step = steps.next();
    if (step.done) return step.value;
    const now = port.monotonicSeconds();
    if (now < next) continue;
    next = now + PROGRESS_SECONDS;
    port.complain(progressText(step.value, now - start));
  }
}

/** The library knows only its own error for a failed write. */
function sinkOf(writer: Writer): ByteSink {
  return {
    write: (offset, bytes) => {
      try {
        writer.writeAt(offset, bytes);
      } catch (error) {
        if (!(error instanceof PortError)) throw error;
        throw new DumpError(isNoRoom(error) ? 'no-room' : 'io', error.message, { offset });
      }
    },
  };
}
