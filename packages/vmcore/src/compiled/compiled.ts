/**
 * What `packages/vmcore/assembly` becomes: WebAssembly, or machine code in the device's program. Places are offsets in
 * `memory`, which never grows.
 */
export interface Compiled {
  readonly memory: ArrayBuffer;
  /** Where input of the decompressors goes, how long it may be, and the same of their output. */
  readonly input: () => number;
  readonly mostInput: () => number;
  readonly output: () => number;
  readonly mostOutput: () => number;
  readonly lzo: Decode;
  readonly inflate: Decode;
  readonly zstd: Decode;
  /** Takes so many bytes; 0 where there are none left. */
  readonly room: (bytes: number) => number;
  readonly walkTypes: (walk: number, words: number, stop: number, sizes: number, starts: number) => number;
  readonly enterTypes: (tables: number, first: number, end: number) => number;
  readonly searchPages: (tables: number, at: number, end: number) => void;
  readonly passPages: (tables: number, pages: number, n: number, count: number, classes: number) => number;
  readonly nextClass: (classes: number, from: number, end: number, wanted: number, not: number) => number;
  readonly countClasses: (classes: number, count: number, counts: number) => void;
  readonly tableEntries: (
    entries: number,
    first: number,
    end: number,
    maskHigh: number,
    maskLow: number,
    skipLarge: number,
    found: number,
  ) => number;
  readonly enterNames: (
    walk: number,
    names: number,
    stop: number,
    size: number,
    count: number,
    tokens: number,
    heads: number,
    mask: number,
    next: number,
  ) => number;
}

/** Decompresses `inputLength` bytes at `input` to `output`; how many there are now, or below zero for damage. */
export type Decode = (inputLength: number, room: number) => number;
