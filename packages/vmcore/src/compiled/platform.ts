import type { Codecs, Decompress } from '../codecs/codec.ts';
import { codecsWith } from '../codecs/codecs.ts';
import type { Platform } from '../dump.ts';
import { compiledCodecs } from './codecs.ts';
import { compiledTables } from './tables.ts';
import { instancesOf } from './wasm.ts';

/** What a platform with WebAssembly does by the module of `packages/vmcore/assembly`, compiled when it is first needed. */
export function webAssemblyPlatform(module: () => Uint8Array): Platform {
  const instance = instancesOf(module);
  let made: ReturnType<typeof compiledCodecs> | undefined;
  const codec =
    (name: 'zlib' | 'lzo' | 'zstd'): Decompress =>
    (input, output) => {
      made ??= compiledCodecs(instance(), codecsWith({}));
      return made[name](input, output);
    };
  const codecs: Partial<Codecs> = { zlib: codec('zlib'), lzo: codec('lzo'), zstd: codec('zstd') };
  return { codecs, tables: () => compiledTables(instance()) };
}
