import type { Frame } from '../bytes/address.ts';
import type { ByteSink } from '../bytes/byte_sink.ts';
import { readInto } from '../bytes/byte_source.ts';
import { BATCH_PAGES, type PageBatch, type PagePacker, STORED_PAGE } from '../codecs/page_packer.ts';
import { type Stretch, stretchAt } from '../physical_memory.ts';
import type { TierOutcome } from './kdump_record.ts';
import type { KdumpContent, WriteProgress, WriteTier } from './kdump_writer.ts';
import { PageLog } from './kdump_writer_log.ts';

/** Where pages go, and how many may. */
export interface PageRoom {
  /** Offset of the first page. */
  readonly dataAt: number;
  /** Pages for which the table has room. */
  readonly places: number;
  /** The file must not grow beyond this. */
  readonly limit: number;
}

/** What a batch holds, from when it is filled until it is written. */
interface Filling {
  readonly batch: PageBatch;
  count: number;
  /** Index of the tier of its pages. */
  tier: number;
  started: boolean;
}

/** Counts of a tier as it is written. */
interface Counts {
  written: number;
  missing: number;
}

/** Writes the pages of all tiers, one tier after the other, until there is no room left. */
export class PageWriter {
  /** Of each tier, what was written. */
  readonly logs: readonly PageLog[];
  /** Offset of the one page of zeros. */
  readonly zeroAt: number;
  /** Where the file ends. */
  end: number;
  written = 0;
  complete = true;
  readonly #content: KdumpContent;
  readonly #sink: ByteSink;
  readonly #packer: PagePacker;
  readonly #room: PageRoom;
  readonly #fillings: readonly Filling[];
  readonly #counts: readonly Counts[];
  #turn = 0;
  #missing = 0;

  constructor(content: KdumpContent, sink: ByteSink, packer: PagePacker, room: PageRoom) {
    this.#content = content;
    this.#sink = sink;
    this.#packer = packer;
    this.#room = room;
    this.zeroAt = room.dataAt;
    this.end = room.dataAt + packer.pageSize;
    this.logs = content.tiers.map(() => new PageLog());
    this.#counts = content.tiers.map(() => ({ written: 0, missing: 0 }));
    this.#fillings = packer.batches.map((batch) => ({ batch, count: 0, tier: 0, started: false }));
  }

  /** What became of each tier. */
  get tiers(): TierOutcome[] {
    return this.#content.tiers.map(({ name, pages }, n) => {
      const { written, missing } = this.#counts[n] as Counts;
      return { name, pages, written, missing, cut: Math.max(0, pages - written - missing) };
    });
  }

  /** Writes all that there is room for, of `total` pages; tells how far it is after each batch. */
  *write(total: number): Generator<WriteProgress, void> {
    for (const [index, tier] of this.#content.tiers.entries()) {
      yield* this.#writeTier(tier, index, total);
      if (!this.complete) break;
    }
    for (const _ of this.#fillings) {
      this.#emptyNext();
      this.#turn = (this.#turn + 1) % this.#fillings.length;
    }
    for (const log of this.logs) log.cut();
    yield this.#progress(total);
  }

  *#writeTier(tier: WriteTier, index: number, total: number): Generator<WriteProgress, void> {
    const { memory } = this.#content;
    let filling = this.#take(index);
    let first = 0;
    let stretch: Stretch = { end: 0, state: 'hole' };
    for (const range of tier.ranges()) {
      for (let frame = range.start; frame < range.end; ) {
        // Most ranges lie in the stretch of the one before.
        if (frame < first || frame >= stretch.end) {
          first = frame;
          stretch = stretchAt(memory, frame);
        }
        const end = Math.min(stretch.end, range.end);
        if (stretch.state !== 'held') this.#miss(index, end - frame);
        else {
          for (let at = frame; at < end; ) {
            at = this.#fill(filling, at, end, first, stretch);
            if (filling.count < BATCH_PAGES) continue;
            this.#start(filling);
            filling = this.#take(index);
            yield this.#progress(total);
            if (!this.complete) return;
          }
        }
        frame = end;
      }
    }
    if (filling.count > 0) this.#start(filling);
  }

  /** Puts pages from `at` on, to `end` at most, into a batch; returns one past the last. `from`: the stretch's first. */
  #fill(filling: Filling, at: Frame, end: Frame, from: Frame, { plain }: Stretch): Frame {
    const { memory, scrub } = this.#content;
    const { pageSize } = this.#packer;
    const count = plain === undefined ? 1 : Math.min(end - at, BATCH_PAGES - filling.count);
    const first = filling.count * pageSize;
    const pages = filling.batch.pages.subarray(first, first + count * pageSize);
    if (plain !== undefined) readInto(plain.source, plain.offset + (at - from) * pageSize, pages);
    else {
      const page = memory.page(at);
      if (typeof page === 'string') {
        this.#miss(filling.tier, 1);
        return at + 1;
      }
      pages.set(page);
    }
    scrub?.overwrite(at, pages);
    this.logs[filling.tier]?.addRun(at, count);
    filling.count += count;
    return at + count;
  }

  /** The batch whose turn it is, empty. */
  #take(tier: number): Filling {
    const filling = this.#emptyNext();
    filling.tier = tier;
    return filling;
  }

  #start(filling: Filling): void {
    this.#packer.start(filling.batch, filling.count);
    filling.started = true;
    this.#turn = (this.#turn + 1) % this.#fillings.length;
  }

  /** Writes what the batch whose turn it is still holds. */
  #emptyNext(): Filling {
    const filling = this.#fillings[this.#turn] as Filling;
    if (filling.started) {
      const bytes = this.#packer.finish(filling.batch);
      if (this.complete) this.#save(filling, bytes);
    }
    filling.started = false;
    filling.count = 0;
    return filling;
  }

  /** Writes as many pages of a batch as there is room for. */
  #save(filling: Filling, bytes: number): void {
    const { sizes, packed } = filling.batch;
    const { pageSize } = this.#packer;
    const places = this.#room.places - this.written;
    let count = filling.count;
    let used = bytes;
    if (count > places || this.end + bytes > this.#room.limit) {
      this.complete = false;
      used = 0;
      for (count = 0; count < Math.min(filling.count, places); count++) {
        const size = sizes[count] === STORED_PAGE ? pageSize : (sizes[count] as number);
        if (this.end + used + size > this.#room.limit) break;
        used += size;
      }
    }
    if (used > 0) this.#sink.write(this.end, packed.subarray(0, used));
    this.logs[filling.tier]?.addSizes(this.end, sizes, count);
    this.end += used;
    this.written += count;
    (this.#counts[filling.tier] as Counts).written += count;
  }

  #miss(tier: number, pages: number): void {
    (this.#counts[tier] as Counts).missing += pages;
    this.#missing += pages;
  }

  #progress(total: number): WriteProgress {
    return { donePages: this.written + this.#missing, totalPages: total, writtenBytes: this.end };
  }
}
