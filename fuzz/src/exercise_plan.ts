import type { Frame } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { plainPacker } from '@kcrash/vmcore/codecs/page_packer';
import { openContainer } from '@kcrash/vmcore/container/open';
import type { Dump } from '@kcrash/vmcore/dump';
import { pageOfFrame } from '@kcrash/vmcore/pages/classification';
import { type ClassifiedPages, classifyPages } from '@kcrash/vmcore/pages/classify';
import { classAt, classIndex, type PageClass } from '@kcrash/vmcore/pages/page_class';
import { typeReader } from '@kcrash/vmcore/pages/page_layout';
import type { PagePlan, Scrubber } from '@kcrash/vmcore/pages/page_plan';
import { planPages } from '@kcrash/vmcore/pages/plan';
import { writeDump } from '@kcrash/vmcore/write_dump';
import { FileInMemory, runToEnd } from '../../packages/vmcore/test/file_in_memory.ts';
import { MemorySource } from '../../packages/vmcore/test/memory_source.ts';

/** What is known of an undamaged dump's pages. */
export interface HealthyPages {
  readonly pages: ClassifiedPages;
  /** The struct pages of each `CHUNK` frames, where they can be read. */
  readonly structs: ReadonlyMap<Frame, Uint8Array>;
}

/** Room for some hundred pages, so that tiers are cut. */
const BUDGET_BYTES = 2 << 20;
/** Blocks are no larger but for huge ones, so that what is said of a frame is said in here. */
const CHUNK = 1024;
/** Frames that flags alone give to users, or to nobody. */
const BY_FLAGS: readonly PageClass[] = [
  'page cache',
  'page cache, private',
  'shared memory',
  'anonymous',
  'huge anonymous',
  'movable',
  'free',
];
/** A task and page tables together outweigh the memory map. */
const STACK = classIndex('kernel stack');
/** Pages that the scrubber is asked for. */
const MOST_SCRUBBED = 200;

/** Notes what an undamaged dump says of its pages. */
export function healthyPages(dump: Dump): HealthyPages {
  const pages = classifyPages(dump);
  const structs = new Map<Frame, Uint8Array>();
  for (const { first, frames } of pages.sections) {
    for (let frame = first; frame < first + frames; frame += CHUNK) {
      const bytes = structsAt(pages, frame);
      if (bytes !== undefined) structs.set(frame, bytes);
    }
  }
  return { pages, structs };
}

/**
 * Plans which pages of a dump are kept. Throws what must not be: another error than the library's own, a plan that
 * contradicts itself, or one that keeps pages of users whose struct pages are as they were in `healthy`.
 */
export function exercisePlan(dump: Dump, healthy: HealthyPages | undefined): string {
  let plan: PagePlan;
  try {
    plan = planPages(dump);
  } catch (error) {
    if (error instanceof DumpError) return 'refused';
    throw error;
  }
  checkTiers(plan);
  checkScrubber(dump, plan);
  checkWritten(dump, plan);
  if (healthy !== undefined) checkUsers(classifyPages(dump), plan, healthy);
  return plan.findings.length === 0 ? 'without findings' : 'with findings';
}

function checkTiers({ tiers, tierOf, frameLimit }: PagePlan): void {
  for (const [n, { name, pages, ranges }] of tiers.entries()) {
    let last = -1;
    let count = 0;
    for (const { start, end } of ranges()) {
      const fits = start > last && end > start && end <= frameLimit;
      if (!fits || tierOf(start) !== n || tierOf(end - 1) !== n) {
        throw new Error(`Frames [${start}, ${end}) of the tier ${name} contradict the plan`);
      }
      last = end;
      count += end - start;
    }
    if (count !== pages) throw new Error(`Wanted ${pages} frames of the tier ${name}, found ${count}`);
  }
}

function checkScrubber({ physical }: Dump, { tiers, scrub }: PagePlan): void {
  let asked = 0;
  for (const { ranges } of tiers) {
    for (const { start } of ranges()) {
      if (asked++ === MOST_SCRUBBED) return;
      const page = start < physical.frameLimit ? physical.page(start) : 'hole';
      if (typeof page === 'string') continue;
      const next = scrub.next(start);
      if (!(next >= start)) throw new Error(`From frame ${start} on, ${next} is the next to be scrubbed`);
      if (next > start && !same(page, scrubbed(scrub, start, page)))
        throw new Error(`Frame ${start} is scrubbed, which was not told`);
    }
  }
}

function scrubbed(scrub: Scrubber, frame: number, page: Uint8Array): Uint8Array {
  const own = page.slice();
  scrub.overwrite(frame, own);
  return own;
}

/** What a small budget has room for, written and read again. */
function checkWritten(dump: Dump, plan: PagePlan): void {
  const file = new FileInMemory();
  const packer = plainPacker(dump.physical.pageSize);
  try {
    const steps = writeDump(dump, plan, file, {
      packer,
      writer: 'kcrash fuzz',
      timestamp: 0,
      budgetBytes: BUDGET_BYTES,
    });
    runToEnd(steps);
  } catch (error) {
    if (error instanceof DumpError) return;
    throw error;
  }
  if (file.size > BUDGET_BYTES) throw new Error(`Wrote ${file.size} bytes with a budget of ${BUDGET_BYTES}`);
  const { memory } = openContainer([new MemorySource(file.bytes)]);
  for (let frame = memory.nextHeld(0); frame < memory.frameLimit; frame = memory.nextHeld(frame + 1)) {
    const written = memory.page(frame);
    const page = dump.physical.page(frame);
    if (typeof written === 'string' || typeof page === 'string' || plan.tierOf(frame) < 0) {
      throw new Error(`Frame ${frame} was written: it is ${String(page)}, of tier ${plan.tierOf(frame)}`);
    }
    if (!same(written, scrubbed(plan.scrub, frame, page)))
      throw new Error(`Frame ${frame} was written as another`);
  }
}

function checkUsers(pages: ClassifiedPages, plan: PagePlan, { pages: were, structs }: HealthyPages): void {
  // With other types or numbers of flags, struct pages say other things.
  if (layoutText(pages) !== layoutText(were)) return;
  const users = new Uint8Array(256);
  for (const name of BY_FLAGS) users[classIndex(name)] = 1;
  for (const [first, bytes] of structs) {
    const now = structsAt(pages, first);
    if (now === undefined || !same(now, bytes)) continue;
    for (let frame = first; frame < first + CHUNK; frame++) {
      if (users[were.classes.get(frame)] === 0 || plan.tierOf(frame) < 0) continue;
      const { name } = classAt(pages.classes.get(frame));
      if (pages.classes.get(frame) === STACK) continue;
      throw new Error(
        `Frame ${frame} is kept as ${name}: it is ${classAt(were.classes.get(frame)).name}, and its struct page says so`,
      );
    }
  }
}

function structsAt(pages: ClassifiedPages, frame: Frame): Uint8Array | undefined {
  const { memory, physical } = pages.dump;
  const length = CHUNK * pages.layout.size;
  const at = pageOfFrame(pages, frame);
  if (at === undefined) return undefined;
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; done += physical.pageSize) {
    const part = memory.tryRead((at + BigInt(done)) as typeof at, Math.min(physical.pageSize, length - done));
    if (part === undefined) return undefined;
    bytes.set(part, done);
  }
  return bytes;
}

function layoutText({ layout }: ClassifiedPages): string {
  const flags = ['PG_reserved', 'PG_slab', 'PG_head', 'PG_lru', 'PG_swapbacked', 'PG_hwpoison'].map((name) =>
    layout.bit(name),
  );
  const typeOf = typeReader(layout.types);
  const types = Array.from({ length: 256 }, (_, n) => typeOf((n << 24) >>> 0));
  const old = Array.from({ length: 32 }, (_, n) => typeOf(~(1 << n) >>> 0));
  return JSON.stringify([layout, flags, types, old]);
}

/** In a loop, since a call for each byte took an eighth of a case's time. */
function same(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let n = 0; n < one.length; n++) if (one[n] !== other[n]) return false;
  return true;
}
