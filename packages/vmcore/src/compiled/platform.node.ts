import type { Codecs, Decompress } from '../codecs/codec.ts';
import { codecsWith } from '../codecs/codecs.ts';
import type { Platform } from '../dump.ts';
import { compiledCodecs } from './codecs.ts';
import { compiledTables } from './tables.ts';
import { instancesOf } from './wasm.ts';

/** The WebAssembly of `packages/vmcore/assembly` in base64, put here by the build. */
declare const KCRASH_COMPILED: string | undefined;

/**
 * What is faster under Node than the library's TypeScript: WebAssembly, where the program was built with it. Measured
 * on a report, CPU time of its 3,000 pages: LZO 27 ms, in TypeScript 89; zstd 79 ms, in TypeScript 370; zlib 98 ms, by
 * Node's own 165.
 */
export const nodePlatform: Platform =
  typeof KCRASH_COMPILED === 'string' ? fromWebAssembly(KCRASH_COMPILED) : {};

function fromWebAssembly(base64: string): Platform {
  const instance = instancesOf(() => Buffer.from(base64, 'base64'));
  let made: ReturnType<typeof compiledCodecs> | undefined;
  /** Compiled at the first page that needs it. */
  const codec =
    (name: 'zlib' | 'lzo' | 'zstd'): Decompress =>
    (input, output) => {
      made ??= compiledCodecs(instance(), codecsWith({}));
      return made[name](input, output);
    };
  const codecs: Partial<Codecs> = { zlib: codec('zlib'), lzo: codec('lzo'), zstd: codec('zstd') };
  return { codecs, tables: () => compiledTables(instance()) };
}
