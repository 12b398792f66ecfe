import { inflate, pack, unzstd } from 'quickjs:kcrash_codecs';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Codecs, Decompress } from '@kcrash/vmcore/codecs/codec';
import { inlinePacker, type PackCodec, type PagePacker } from '@kcrash/vmcore/codecs/page_packer';

function decompressor(name: string, unpack: (input: Uint8Array, output: Uint8Array) => number): Decompress {
  return (input, output) => {
    const length = unpack(input, output);
    if (length >= 0) return length;
    throw new DumpError(
      'bad-format',
      `${name} data of ${input.length} bytes is damaged, or holds more than ${output.length} bytes`,
    );
  };
}

/** What the device binary has of zlib and zstd; both are fifty times faster than the library's own in QuickJS. */
export const deviceCodecs: Partial<Codecs> = {
  zlib: decompressor('zlib', inflate),
  zstd: decompressor('zstd', unzstd),
};

/** zstd makes the smallest dumps and takes the least time. */
export const DEVICE_PACK_CODECS: readonly PackCodec[] = ['zstd', 'zlib', 'none'];

const NUMBER_OF = { none: 0, zlib: 1, zstd: 2 } as const;

/** Packs pages in C. */
export function devicePacker(codec: PackCodec, pageSize: number): PagePacker {
  return inlinePacker(codec, pageSize, ({ pages, sizes, packed }, count) =>
    pack(NUMBER_OF[codec], pages, pageSize, count, sizes, packed),
  );
}
