import { entryMask } from '../arch/x86_64/page_table.ts';
import type { Frame, PhysicalAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { wordsOf } from '../bytes/words.ts';
import type { TableLoops } from '../describe/table_loops.ts';
import { field } from '../describe/type_reader.ts';
import { readTasks } from '../kernel/tasks.ts';
import type { PhysicalMemory } from '../physical_memory.ts';
import { kernelPaging } from '../vmcore.ts';
import { type Classification, classSet } from './classification.ts';
import { classAt, classIndex } from './page_class.ts';

const PRESENT = 1;
const LARGE = 0x80;
const ENTRIES = 512;
const TWO_32 = 0x1_0000_0000;

const TABLE = classIndex('page table');
const MM = { pgd: field.pointer('pgd') };

/** Walks trees of page tables and says which frames are tables; each frame once, so that no circle is endless. */
class TableWalk {
  /** Tables that are something else by the memory map. */
  strangers = 0;
  readonly #physical: PhysicalMemory;
  readonly #entries: ReadEntries;
  readonly #into: Classification;
  readonly #seen = new Set<Frame>();
  readonly #allowed = classSet('unidentified', 'reserved', 'page table', 'kernel data');

  constructor(into: Classification, encryptionMask: bigint) {
    this.#into = into;
    this.#physical = into.dump.physical;
    const mask = entryMask(encryptionMask);
    const { loops } = into.dump.description;
    const compiled = this.#physical.pageSize === ENTRIES * 8 && loops && compiledEntries(loops, mask);
    this.#entries = compiled || ((page, first, end, large) => plainEntries(mask, page, first, end, large));
  }

  /** The tables below the entries `[first, end)` of a table of some level; level 1 maps pages. */
  walk(table: PhysicalAddress, level: number, first = 0, end = ENTRIES): void {
    const frame = Math.floor(table / this.#physical.pageSize);
    if (!this.#note(frame) || level === 1) return;
    const page = this.#physical.page(frame);
    if (typeof page === 'string') return;
    for (const below of this.#entries(page, first, end, level < 4)) this.walk(below, level - 1);
  }

  /** Whether the frame is a table that was not seen before. */
  #note(frame: Frame): boolean {
    if (this.#seen.has(frame) || frame >= this.#physical.frameLimit) return false;
    this.#seen.add(frame);
    const { classes } = this.#into;
    const value = classes.get(frame);
    if (this.#allowed[value] === 1) classes.set(frame, TABLE);
    // Per-CPU memory, say, that the kernel mapped once more.
    else if (classAt(value).owner !== 'kernel') {
      this.strangers++;
      return false;
    }
    return true;
  }
}

/** Reads the addresses of tables from the entries `[first, end)` of a table. */
type ReadEntries = (
  page: Uint8Array,
  first: number,
  end: number,
  skipLarge: boolean,
) => Iterable<PhysicalAddress>;

function compiledEntries(loops: TableLoops, mask: readonly [number, number]): ReadEntries | undefined {
  const table = loops.room(ENTRIES * 8);
  const found = loops.room(ENTRIES * 8);
  if (table === undefined || found === undefined) return undefined;
  const addresses = new Float64Array(found.buffer, found.byteOffset, ENTRIES);
  return (page, first, end, skipLarge) => {
    table.set(page);
    // A copy: the tables below are read before the next is taken.
    return addresses.slice(0, loops.tableEntries(table, first, end, mask, skipLarge, addresses));
  };
}

/** `TableLoops.tableEntries`, where no platform has it. */
function* plainEntries(
  mask: readonly [number, number],
  page: Uint8Array,
  first: number,
  end: number,
  skipLarge: boolean,
): Generator<PhysicalAddress> {
  const words = wordsOf(page);
  const [maskHigh, maskLow] = mask;
  for (let n = first * 2; n < end * 2; n += 2) {
    const low = words[n] as number;
    if ((low & PRESENT) === 0 || (skipLarge && (low & LARGE) !== 0)) continue;
    yield ((words[n + 1] as number) & maskHigh) * TWO_32 + ((low & maskLow) >>> 0);
  }
}

/** Page tables of the kernel, and of every process that a task has. */
export function classifyPageTables(into: Classification): void {
  const { dump, findings } = into;
  const paging = kernelPaging(dump.vmcoreinfo);
  const walk = new TableWalk(into, paging.encryptionMask);
  walk.walk(paging.topTable, paging.levels);
  const seen = new Set<bigint>([0n]);
  for (const { mm } of readTasks(dump).tasks) {
    if (seen.has(mm)) continue;
    seen.add(mm);
    const top = topTable(into, mm);
    // The upper half is the kernel's own, which was walked.
    if (top !== undefined) walk.walk(top, paging.levels, 0, ENTRIES / 2);
  }
  if (walk.strangers > 0) {
    findings.push(
      `${walk.strangers} page tables are another's by the memory map, and not kept for being tables`,
    );
  }
}

function topTable({ dump }: Classification, mm: bigint): PhysicalAddress | undefined {
  try {
    return dump.memory.translate(dump.reader('mm_struct', MM)(mm as never).pgd);
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return undefined;
    throw error;
  }
}
