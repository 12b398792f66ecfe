import { inflate, unzstd } from 'quickjs:kcrash_codecs';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Codecs, Decompress } from '@kcrash/vmcore/codecs/codec';

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
