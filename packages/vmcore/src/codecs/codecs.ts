import type { Codecs, Decompress } from './codec.ts';
import { zlibDecompressor } from './inflate.ts';
import { decompressLzo } from './lzo.ts';
import { decompressSnappy } from './snappy.ts';
import { zstdDecompressor } from './zstd/zstd.ts';

/** The library's own decompressors, where a platform has none that are faster. */
export function codecsWith(platform: Partial<Codecs>): Codecs {
  return {
    zlib: platform.zlib ?? whenUsed(zlibDecompressor),
    lzo: platform.lzo ?? decompressLzo,
    snappy: platform.snappy ?? decompressSnappy,
    zstd: platform.zstd ?? whenUsed(zstdDecompressor),
  };
}

/** Makes a decompressor, and its tables, at its first page. */
function whenUsed(make: () => Decompress): Decompress {
  let made: Decompress | undefined;
  return (input, output) => {
    made ??= make();
    return made(input, output);
  };
}
