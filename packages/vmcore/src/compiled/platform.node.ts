import type { Platform } from '../dump.ts';
import { webAssemblyPlatform } from './platform.ts';

/** The WebAssembly of `packages/vmcore/assembly` in base64, put here by the build. */
declare const KCRASH_COMPILED: string | undefined;

/**
 * What is faster under Node than the library's TypeScript: WebAssembly, where the program was built with it. Measured
 * on a report, CPU time of its 3,000 pages: LZO 27 ms, in TypeScript 89; zstd 79 ms, in TypeScript 370; zlib 98 ms, by
 * Node's own 165.
 */
export const nodePlatform: Platform =
  typeof KCRASH_COMPILED === 'string'
    ? webAssemblyPlatform(() => Buffer.from(KCRASH_COMPILED, 'base64'))
    : {};
