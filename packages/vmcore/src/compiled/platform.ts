import type { Codecs, Decompress } from '../codecs/codec.ts';
import { codecsWith } from '../codecs/codecs.ts';
import type { Platform } from '../dump.ts';
import { compiledCodecs } from './codecs.ts';
import type { Compiled } from './compiled.ts';
import { compiledTables } from './tables.ts';
import { instancesOf } from './wasm.ts';

/** What a platform with WebAssembly does by the module of `packages/vmcore/assembly`, compiled when it is first needed. */
export function webAssemblyPlatform(module: () => Uint8Array): Platform {
  const instance = instancesOf(module);
  let first: Compiled | undefined;
  let made: ReturnType<typeof compiledCodecs> | undefined;
  let taken = false;
  const codec =
    (name: 'zlib' | 'lzo' | 'zstd'): Decompress =>
    (input, output) => {
      first ??= instance();
      made ??= compiledCodecs(first, codecsWith({}));
      return made[name](input, output);
    };
  const codecs: Partial<Codecs> = { zlib: codec('zlib'), lzo: codec('lzo'), zstd: codec('zstd') };
  /** The first dump's tables share an instance with the codecs: to make one takes some milliseconds. */
  const tables = () => {
    const own = taken ? instance() : (first ?? instance());
    taken = true;
    first ??= own;
    return compiledTables(own);
  };
  return { codecs, tables };
}
