import type { Codecs, Decompress } from './codec.ts';
import { codecsWith } from './codecs.ts';
import { wasmCodecs } from './wasm.node.ts';

/** The WebAssembly of `packages/vmcore/assembly` in base64, put here by the build. */
declare const KCRASH_CODECS: string | undefined;

/**
 * What decompresses faster under Node than the library's TypeScript does: WebAssembly, where the program was built with
 * it. Measured on a report, CPU time of its 3,000 pages: LZO 27 ms, in TypeScript 89; zstd 79 ms, in TypeScript 370;
 * zlib 98 ms, by Node's own 165.
 */
export const nodeCodecs: Partial<Codecs> =
  typeof KCRASH_CODECS === 'string' ? fromWebAssembly(KCRASH_CODECS) : {};

/** Compiled at the first page that needs it. */
function fromWebAssembly(base64: string): Partial<Codecs> {
  let made: ReturnType<typeof wasmCodecs> | undefined;
  const codec =
    (name: 'zlib' | 'lzo' | 'zstd'): Decompress =>
    (input, output) => {
      made ??= wasmCodecs(Buffer.from(base64, 'base64'), codecsWith({}));
      return made[name](input, output);
    };
  return { zlib: codec('zlib'), lzo: codec('lzo'), zstd: codec('zstd') };
}
