import type { Frame } from '../bytes/address.ts';
import { type ByteSource, copyOf } from '../bytes/byte_source.ts';
import { DumpError } from '../bytes/errors.ts';
import { codecsWith } from '../codecs/codecs.ts';
import type { Absence, PhysicalMemory, Stretch } from '../physical_memory.ts';
import type { Container, ContainerOptions } from './container.ts';
import { type FileRange, type KdumpHeader, readKdumpHeader } from './kdump_header.ts';
import { compressionName, KdumpPages } from './kdump_memory.ts';
import { readRecord, whatWasCut } from './kdump_record.ts';
import { type Note, parseNotes } from './notes.ts';
import { PageCache } from './page_cache.ts';

const MOST_NOTE_BYTES = 16 << 20;
const MOST_VMCOREINFO_BYTES = 1 << 20;

/**
 * Opens a kdump-compressed dump: one file, or the files of a set that makedumpfile wrote with `--split`, in
 * any order. Reads headers and notes only; a page's place is found when it is asked for.
 */
export function openKdump(sources: readonly ByteSource[], options: ContainerOptions = {}): Container {
  const codecs = codecsWith(options.codecs ?? {});
  const files = sources.map((source) => ({ source, header: readKdumpHeader(source) }));
  const first = files[0];
  if (first === undefined) throw new DumpError('not-a-dump', 'A dump of no files');
  const { header } = first;
  const parts = files.map((file) => new KdumpPages(file.source, file.header, codecs));
  const problems = [...checkSet(files.map((file) => file.header))];
  const notes = readNotes(first.source, header, problems);
  const record = readRecord(notes);
  const cut = record && whatWasCut(record);
  if (cut !== undefined) problems.push(cut);
  const memory = new KdumpMemory(parts, options.cachePages ?? 2048);
  return {
    format: 'kdump',
    machine: header.machine,
    memory,
    notes,
    vmcoreinfo: readVmcoreinfo(first.source, header, notes, problems),
    compression: compressionName(header.status),
    dumpLevel: header.dumpLevel,
    incomplete: files.some((file) => file.header.isIncomplete),
    problems,
  };
}

/** The pages of a dump's files behind one cache. */
class KdumpMemory implements PhysicalMemory {
  readonly pageSize: number;
  readonly frameLimit: Frame;
  readonly #parts: readonly KdumpPages[];
  /** The file that has all pages, where the dump is one. */
  readonly #whole: KdumpPages | undefined;
  readonly #cache: PageCache;

  constructor(parts: readonly KdumpPages[], cachePages: number) {
    this.#parts = [...parts].sort((a, b) => (a.header.split?.start ?? 0) - (b.header.split?.start ?? 0));
    this.#whole = parts.find(({ header }) => header.split === undefined);
    this.pageSize = parts[0]?.header.blockSize ?? 4096;
    this.frameLimit = Math.max(...parts.map((part) => part.header.frames));
    this.#cache = new PageCache(cachePages);
  }

  page(frame: Frame): Uint8Array | Absence {
    const cached = this.#cache.get(frame);
    if (cached !== undefined) return cached;
    const page = this.#read(frame);
    if (typeof page !== 'string') this.#cache.put(frame, page);
    return page;
  }

  copyPage(frame: Frame, target: Uint8Array): Absence | undefined {
    const page = this.#cache.get(frame) ?? this.#read(frame, target);
    if (typeof page === 'string') return page;
    if (page !== target) target.set(page);
    return undefined;
  }

  #read(frame: Frame, target?: Uint8Array): Uint8Array | Absence {
    const part = this.#partOf(frame);
    // Each file of a set has the bitmaps of all of it.
    return part === undefined ? (this.#parts[0]?.elsewhere(frame) ?? 'hole') : part.page(frame, target);
  }

  stretch(frame: Frame): Stretch {
    const part = this.#partOf(frame);
    const absence = this.#parts[0]?.elsewhere(frame) ?? 'hole';
    if (part !== undefined) return part.stretch(frame, part.header.split?.end ?? this.frameLimit);
    return { end: frame + 1, state: typeof absence === 'string' ? absence : 'held' };
  }

  #partOf(frame: Frame): KdumpPages | undefined {
    if (this.#whole !== undefined) return this.#whole;
    return this.#parts.find(({ header: { split } }) => !split || (frame >= split.start && frame < split.end));
  }

  nextHeld(frame: Frame): Frame {
    return this.#parts.reduce((next, part) => Math.min(next, part.nextHeld(frame)), this.frameLimit);
  }
}

function* checkSet(headers: readonly KdumpHeader[]): Generator<string> {
  if (headers.some((header) => header.isIncomplete)) {
    yield 'The dump is incomplete: its writer ran out of space, and the pages after that are missing';
  }
  const [first] = headers;
  if (first === undefined) return;
  for (const header of headers) {
    if (
      header.blockSize !== first.blockSize ||
      header.frames !== first.frames ||
      header.machine !== first.machine
    ) {
      throw new DumpError('bad-format', 'These files are parts of different dumps');
    }
  }
  if (headers.length > 1 && headers.some((header) => header.split === undefined)) {
    throw new DumpError('bad-format', 'Several files were given, and not all are parts of a split dump');
  }
  let covered = 0;
  for (const { split } of [...headers].sort((a, b) => (a.split?.start ?? 0) - (b.split?.start ?? 0))) {
    if (split === undefined) return;
    if (split.start > covered) yield missingPart(covered, split.start);
    covered = Math.max(covered, split.end);
  }
  if (covered < first.frames) yield missingPart(covered, first.frames);
}

function missingPart(start: Frame, end: Frame): string {
  return `The part of the split dump with page frames [0x${start.toString(16)}, 0x${end.toString(16)}) was not given`;
}

function readNotes(source: ByteSource, header: KdumpHeader, problems: string[]): readonly Note[] {
  const bytes = header.notes && readRange(source, header.notes, MOST_NOTE_BYTES, 'notes', problems);
  return bytes === undefined ? [] : [...parseNotes(bytes)];
}

function readVmcoreinfo(
  source: ByteSource,
  header: KdumpHeader,
  notes: readonly Note[],
  problems: string[],
): Uint8Array | undefined {
  const own =
    header.vmcoreinfo && readRange(source, header.vmcoreinfo, MOST_VMCOREINFO_BYTES, 'VMCOREINFO', problems);
  return own ?? notes.find((note) => note.name === 'VMCOREINFO')?.bytes;
}

function readRange(
  source: ByteSource,
  range: FileRange,
  most: number,
  what: string,
  problems: string[],
): Uint8Array | undefined {
  const { offset, length } = range;
  if (length <= most && offset + length <= source.size) return copyOf(source.read(offset, length));
  problems.push(
    `The dump's ${what} would lie at [0x${offset.toString(16)}, 0x${(offset + length).toString(16)}) of a file of 0x${source.size.toString(16)} bytes`,
  );
  return undefined;
}
