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
const STARTED = 1;
const DONE = 2;

/** Batches of each worker: one in work, one that waits, so that none runs dry while the writer writes. */
const BATCHES_EACH = 3;

interface SharedBatch extends PageBatch {
  readonly control: Int32Array;
  /** Its worker's: counts the batches that were started, and is what the worker waits at. */
  readonly bell: Int32Array;
}

/** A batch takes 10 ms; a thread that says nothing for so long is gone. */
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

/** What a worker is handed. */
interface Work {
  /** The module; undefined where Node's zlib packs. */
  readonly deflate: object | undefined;
  readonly batches: readonly SharedBatch[];
  readonly pageSize: number;
  readonly bell: Int32Array;
  readonly states: { readonly started: number; readonly done: number };
  readonly sizes: { readonly zero: number; readonly stored: number };
}

/** The codecs with which Node 20 packs pages. */
export const NODE_PACK_CODECS: readonly PackCodec[] = ['zlib', 'none'];

/**
 * Packs pages for zlib under Node in `workers` threads, by the WebAssembly of `packages/vmcore/assembly/deflate.ts`:
 * Node's own zlib makes a new stream for each page, which takes longer than to compress it. Where the program was built
 * without, Node's it is. Waits synchronously, as all of the library does.
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

  constructor(pageSize: number, workers: number, deflate: object | undefined) {
    this.pageSize = pageSize;
    const bells = Array.from({ length: workers }, () => new Int32Array(new SharedArrayBuffer(4)));
    this.batches = Array.from({ length: BATCHES_EACH }, () =>
      bells.map((bell) => sharedBatch(pageSize, bell)),
    ).flat();
    // Loaded here: most commands write no dump.
    const { Worker } = createRequire(process.execPath)(
      'node:worker_threads',
    ) as typeof import('node:worker_threads');
    // Bundlers and test runners wrap functions that they name.
    const code = `const __name = (f) => f; (${packInWorker})(require);`;
    this.#workers = bells.map((bell) => {
      const workerData: Work = {
        deflate,
        batches: this.batches.filter((batch) => batch.bell === bell),
        pageSize,
        bell,
        states: { started: STARTED, done: DONE },
        sizes: { zero: ZERO_PAGE, stored: STORED_PAGE },
      };
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
    if (Atomics.wait(control, 0, STARTED, MOST_MILLISECONDS) === 'timed-out') {
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

/** Runs in a worker, which has nothing but this function's text: packs its batches in turn, for ever. */
function packInWorker(require: NodeJS.Require): void {
  const { deflateSync } = require('node:zlib') as typeof import('node:zlib');
  const { deflate, batches, bell, pageSize, states, sizes } = (
    require('node:worker_threads') as { workerData: Work }
  ).workerData;
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
  // Node's zlib is no faster at level 1, and makes files of it that are larger than makedumpfile's.
  const options = { level: 3, chunkSize: pageSize + 64 };
  const compress =
    deflate === undefined ? (page: Uint8Array) => deflateSync(page, options) : compiled(deflate);
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
  for (;;) {
    const rung = Atomics.load(bell, 0);
    const started = batches.filter(({ control }) => Atomics.load(control, 0) === states.started);
    for (const batch of started) {
      pack(batch);
      Atomics.store(batch.control, 0, states.done);
      Atomics.notify(batch.control, 0);
    }
    if (started.length === 0) Atomics.wait(bell, 0, rung);
  }
}
