import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { progressText, summaryLines } from '@kcrash/report/dump_words';
import { jsonLine } from '@kcrash/report/json_text';
import type { ByteSink } from '@kcrash/vmcore/bytes/byte_sink';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { NODE_PACK_CODECS, nodePacker } from '@kcrash/vmcore/codecs/packer.node';
import { type PackCodec, plainPacker } from '@kcrash/vmcore/codecs/page_packer';
import type { Dump } from '@kcrash/vmcore/dump';
import { PAGE_CLASSES, type PageClass } from '@kcrash/vmcore/pages/page_class';
import { planPages } from '@kcrash/vmcore/pages/plan';
import { type DumpSummary, writeDump } from '@kcrash/vmcore/write_dump';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io, Output } from '../output.ts';
import { version } from '../version.ts';

interface Options extends DumpOptions {
  readonly budgetMib?: number;
  readonly codec: PackCodec;
  readonly keep?: readonly PageClass[];
  readonly drop?: readonly PageClass[];
  readonly scrub: boolean;
}

/** What a signal asked for. */
interface Wanted {
  readonly stop: boolean;
}

/** Exit status after Ctrl-C: 128 and the number of SIGINT. */
const INTERRUPTED = 130;
const MIB = 1_048_576;
/** How often progress is shown, and how often signals are looked for. */
const SHOWN_MILLISECONDS = 200;
/** One for each processor but the writer's, which packs too, as far as that can keep them busy. */
const MOST_WORKERS = 4;
const STOPPING = ['SIGINT', 'SIGTERM'] as const;
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** `kcrash dump SOURCE OUT`: a minimal dump of a whole one. */
export function addDumpCommand(program: Command, io: Io): void {
  dumpCommand(program, 'dump', 'write a minimal dump: what the kernel needs, nothing of its users')
    .argument('<out>', 'the file to write, kdump-compressed')
    .option(
      '-b, --budget-mib <number>',
      'the dump has at most so many MiB: the least worthy is left out',
      budget,
    )
    .option('-c, --codec <codec>', `how pages are compressed: ${NODE_PACK_CODECS.join(', ')}`, codec, 'zlib')
    .option(
      '-k, --keep <class>',
      'keep pages of a class that are left out by themselves; may be repeated',
      classes,
    )
    .option('-d, --drop <class>', 'leave out pages of a class; may be repeated', classes)
    .option('--no-scrub', 'leave what users wrote inside the kernel’s own pages: keys, packets, terminals')
    .action(async (file: string, out: string, options: Options) => {
      const dump = openDumpFile(file, options);
      const start = performance.now();
      const summary = await writeWhole(dump, out, options, io);
      if (summary === undefined) {
        io.err.line('kcrash: stopped by Ctrl-C; nothing was left behind');
        io.status = INTERRUPTED;
        return;
      }
      const seconds = (performance.now() - start) / 1000;
      if (options.json) io.out.write(jsonLine({ path: out, seconds, ...summary }));
      else for (const line of summaryLines(summary, out, seconds)) io.out.line(line);
    });
}

function budget(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Failure(`${text} is no number of MiB`, 'Give 1 or more.', 2);
}

function codec(text: string): PackCodec {
  const known = NODE_PACK_CODECS.find((name) => name === text);
  if (known !== undefined) return known;
  const zstd = text === 'zstd' ? ' The kcrash of the device writes zstd.' : '';
  throw new Failure(`${text} is no codec that Node has`, `Give ${NODE_PACK_CODECS.join(' or ')}.${zstd}`, 2);
}

function classes(text: string, before: readonly PageClass[] = []): PageClass[] {
  const known = PAGE_CLASSES.find(({ name }) => name === text);
  if (known !== undefined) return [...before, known.name];
  throw new Failure(
    `${text} is no class of pages`,
    `kcrash pages lists them: ${PAGE_CLASSES.map(({ name }) => name).join(', ')}.`,
    2,
  );
}

/**
 * Writes the dump under a temporary name in the same folder, and gives it its own once it is whole on disk.
 * Undefined where Ctrl-C came. Whatever goes wrong, no part of it stays.
 */
async function writeWhole(
  dump: Dump,
  out: string,
  options: Options,
  io: Io,
): Promise<DumpSummary | undefined> {
  const part = join(dirname(out), `.${basename(out)}.${process.pid}.part`);
  const wanted = { stop: false };
  const stop = () => {
    wanted.stop = true;
  };
  // Before there is a file that a signal could leave behind.
  for (const signal of STOPPING) process.on(signal, stop);
  const fd = opening(part, () => openSync(part, 'wx', 0o600));
  let whole = false;
  try {
    const summary = await write(dump, fileSink(fd, part), options, io, wanted);
    if (summary === undefined) return undefined;
    opening(part, () => fsyncSync(fd));
    opening(out, () => renameSync(part, out));
    whole = true;
    opening(out, () => syncFolder(dirname(out)));
    return summary;
  } finally {
    closeSync(fd);
    if (!whole) rmSync(part, { force: true });
    for (const signal of STOPPING) process.off(signal, stop);
  }
}

async function write(
  dump: Dump,
  sink: ByteSink,
  options: Options,
  io: Io,
  wanted: Wanted,
): Promise<DumpSummary | undefined> {
  const { pageSize } = dump.physical;
  const workers = Math.max(1, Math.min(MOST_WORKERS, availableParallelism() - 1));
  // First, so that its threads start while the pages are classified.
  const packer = options.codec === 'zlib' ? nodePacker(pageSize, workers) : plainPacker(pageSize);
  try {
    const plan = planPages(dump, options);
    for (const finding of plan.findings) io.err.line(`kcrash: ${finding}`);
    const budgetBytes = options.budgetMib === undefined ? undefined : options.budgetMib * MIB;
    const timestamp = Math.floor(Date.now() / 1000);
    const steps = writeDump(dump, plan, sink, {
      packer,
      writer: `kcrash ${version}`,
      timestamp,
      budgetBytes,
    });
    return await runInSteps(steps, io.err, wanted);
  } finally {
    packer.close();
  }
}

/** Takes the steps, and lets signals be seen between them. Undefined where Ctrl-C came. */
async function runInSteps(
  steps: ReturnType<typeof writeDump>,
  err: Output,
  wanted: Wanted,
): Promise<DumpSummary | undefined> {
  const start = performance.now();
  let next = start + SHOWN_MILLISECONDS;
  try {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      const now = performance.now();
      if (now < next) continue;
      next = now + SHOWN_MILLISECONDS;
      if (err.isTerminal) {
        err.write(`\r${progressText(step.value, (now - start) / 1000)}; Ctrl-C stops\x1b[K`);
        err.flush();
      }
      await new Promise(setImmediate);
      if (wanted.stop) return undefined;
    }
  } finally {
    if (err.isTerminal) err.write('\r\x1b[K');
  }
}

function fileSink(fd: number, path: string): ByteSink {
  return {
    write: (offset, bytes) =>
      opening(path, () => {
        for (let done = 0; done < bytes.length; )
          done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
      }),
  };
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Does something with a file; Node's own error becomes the library's, which names the file. */
function opening<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new DumpError(NO_ROOM.has(code) ? 'no-room' : 'io', `Cannot write ${path}: ${message}`, { path });
  }
}
