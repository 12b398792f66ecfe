import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { DumpError } from '../bytes/errors.ts';
import {
  BATCH_PAGES,
  type PackCodec,
  type PageBatch,
  type PagePacker,
  STORED_PAGE,
  ZERO_PAGE,
} from './page_packer.ts';

/** States of a batch, in its first control word. The others: how many pages, and how many bytes came of them. */
const IDLE = 0;
const DONE = 1;
/** These, and no others, are to be waited for. */
const STARTED = 2;
const IN_WORK = 3;

/** Batches of each worker: one in work, one that waits, so that none runs dry while the writer writes. */
const BATCHES_EACH = 3;

interface SharedBatch extends PageBatch {
  readonly control: Int32Array;
  /** Its worker's: counts the batches that were started, and is what the worker waits at. */
  readonly bell: Int32Array;
}

/** A batch takes some milliseconds; a thread that says nothing for so long is gone. */
const MOST_MILLISECONDS = 60_000;

/** The WebAssembly of `packages/vmcore/assembly/deflate.ts` in base64, put here by the build. */
declare const KCRASH_COMPILED_DEFLATE: string | undefined;

/** Its largest page. */
const MOST_DEFLATED = 65_536;

interface Deflate {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly input: () => number;
  readonly output: () => number;
  /** Compresses so many bytes at `input` to `output`; how many there are then, or 0 where they are no fewer. */
  readonly deflate: (size: number) => number;
}

/** Node has it; its types do not. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What packing takes. */
interface Packing {
  /** The module; undefined where Node's zlib packs. */
  readonly deflate: object | undefined;
  readonly pageSize: number;
  readonly states: { readonly started: number; readonly inWork: number; readonly done: number };
  readonly sizes: { readonly zero: number; readonly stored: number };
}

/** What a worker is handed. */
interface Work extends Packing {
  readonly batches: readonly SharedBatch[];
  readonly bell: Int32Array;
}

/** Packs a batch, and says so, unless it is not to be packed or another thread has taken it; whether it did. */
type TakeBatch = (batch: SharedBatch) => boolean;

/** The codecs with which Node 20 packs pages. */
export const NODE_PACK_CODECS: readonly PackCodec[] = ['zlib', 'none'];

/**
 * Packs pages for zlib under Node in `workers` threads, by the WebAssembly of `packages/vmcore/assembly/deflate.ts`:
 * Node's own zlib makes a new stream for each page, which takes longer than to compress it. Where the program was built
 * without, Node's it is. Waits synchronously, as all of the library does, and packs the next batches meanwhile.
 */
export function nodePacker(pageSize: number, workers: number, deflate = builtDeflate()): PagePacker {
  const module =
    deflate === undefined || pageSize > MOST_DEFLATED ? undefined : new WebAssembly.Module(deflate);
  return new WorkerPacker(pageSize, workers, module);
}

function builtDeflate(): Uint8Array | undefined {
  return typeof KCRASH_COMPILED_DEFLATE === 'string'
    ? Buffer.from(KCRASH_COMPILED_DEFLATE, 'base64')
    : undefined;
}

class WorkerPacker implements PagePacker {
  readonly codec = 'zlib';
  readonly pageSize: number;
  readonly batches: readonly SharedBatch[];
  readonly #workers: readonly Worker[];
  readonly #take: TakeBatch;

  constructor(pageSize: number, workers: number, deflate: object | undefined) {
    this.pageSize = pageSize;
    const bells = Array.from({ length: workers }, () => new Int32Array(new SharedArrayBuffer(4)));
    this.batches = Array.from({ length: BATCHES_EACH }, () =>
      bells.map((bell) => sharedBatch(pageSize, bell)),
    ).flat();
    const packing: Packing = {
      deflate,
      pageSize,
      states: { started: STARTED, inWork: IN_WORK, done: DONE },
      sizes: { zero: ZERO_PAGE, stored: STORED_PAGE },
    };
    const require = createRequire(process.execPath);
    this.#take = batchTaker(require, packing);
    // Loaded here: most commands write no dump.
    const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
    // Bundlers and test runners wrap functions that they name.
    const code = `const __name = (f) => f; (${packInWorker})(require, ${batchTaker});`;
    this.#workers = bells.map((bell) => {
      const batches = this.batches.filter((batch) => batch.bell === bell);
      const workerData: Work = { ...packing, batches, bell };
      const worker = new Worker(code, { eval: true, workerData, execArgv: [] });
      worker.unref();
      return worker;
    });
  }

  start(batch: PageBatch, count: number): void {
    const { control, bell } = batch as SharedBatch;
    control[1] = count;
    Atomics.store(control, 0, STARTED);
    Atomics.add(bell, 0, 1);
    Atomics.notify(bell, 0);
  }

  finish(batch: PageBatch): number {
    const { control } = batch as SharedBatch;
    while (Atomics.load(control, 0) >= STARTED) {
      // The oldest first: its own, then what follows it.
      const at = this.batches.indexOf(batch as SharedBatch);
      if ([...this.batches.slice(at), ...this.batches.slice(0, at)].some(this.#take)) continue;
      if (Atomics.wait(control, 0, IN_WORK, MOST_MILLISECONDS) !== 'timed-out') continue;
      throw new DumpError('io', `A thread that compresses pages gave no answer in ${MOST_MILLISECONDS} ms`);
    }
    Atomics.store(control, 0, IDLE);
    return control[2] as number;
  }

  close(): void {
    for (const worker of this.#workers) void worker.terminate();
  }
}

function sharedBatch(pageSize: number, bell: Int32Array): SharedBatch {
  return {
    pages: new Uint8Array(new SharedArrayBuffer(BATCH_PAGES * pageSize)),
    sizes: new Uint16Array(new SharedArrayBuffer(BATCH_PAGES * 2)),
    packed: new Uint8Array(new SharedArrayBuffer(BATCH_PAGES * pageSize)),
    control: new Int32Array(new SharedArrayBuffer(12)),
    bell,
  };
}

/** What each thread packs by. A worker has nothing but its text. */
function batchTaker(require: NodeJS.Require, { deflate, pageSize, states, sizes }: Packing): TakeBatch {
  /** What a page becomes, until the next is asked for; the page itself where it does not shrink. */
  const compiled = (module: object): ((page: Uint8Array) => Uint8Array) => {
    const { memory, ...exports } = new WebAssembly.Instance(module).exports as Deflate;
    const bytes = new Uint8Array(memory.buffer);
    const input = exports.input();
    const output = exports.output();
    return (page) => {
      bytes.set(page, input);
      const size = exports.deflate(page.length);
      return size === 0 ? page : bytes.subarray(output, output + size);
    };
  };
  const byZlib = (): ((page: Uint8Array) => Uint8Array) => {
    const { deflateSync } = require('node:zlib') as typeof import('node:zlib');
    // Node's zlib is no faster at level 1, and makes files of it that are larger than makedumpfile's.
    const options = { level: 3, chunkSize: pageSize + 64 };
    return (page) => deflateSync(page, options);
  };
  const compress = deflate === undefined ? byZlib() : compiled(deflate);
  const zero = Buffer.alloc(pageSize);
  const pack = (batch: SharedBatch) => {
    let filled = 0;
    for (let n = 0; n < (batch.control[1] as number); n++) {
      const page = Buffer.from(batch.pages.buffer, n * pageSize, pageSize);
      if (page.equals(zero)) {
        batch.sizes[n] = sizes.zero;
        continue;
      }
      const deflated = compress(page);
      const shorter = deflated.length < Math.min(pageSize, sizes.stored);
      batch.packed.set(shorter ? deflated : page, filled);
      batch.sizes[n] = shorter ? deflated.length : sizes.stored;
      filled += shorter ? deflated.length : pageSize;
    }
    batch.control[2] = filled;
  };
  return (batch) => {
    const { control } = batch;
    if (Atomics.compareExchange(control, 0, states.started, states.inWork) !== states.started) return false;
    pack(batch);
    Atomics.store(control, 0, states.done);
    Atomics.notify(control, 0);
    return true;
  };
}

/** Runs in a worker: packs its batches in turn, for ever. */
function packInWorker(require: NodeJS.Require, taker: typeof batchTaker): void {
  const { workerData } = require('node:worker_threads') as { workerData: Work };
  const { batches, bell } = workerData;
  const take = taker(require, workerData);
  for (;;) {
    const rung = Atomics.load(bell, 0);
    // All that are there, and not the first alone, so that none waits for ever.
    if (batches.filter(take).length === 0) Atomics.wait(bell, 0, rung);
  }
}
