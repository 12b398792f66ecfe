import type { Codecs, Decompress } from '../codecs/codec.ts';
import type { Compiled, Decode } from './compiled.ts';

/** What nearly all pages have: a view for each would cost as much as its bytes. */
const USUAL_PAGE = 4096;

/**
 * The compiled decompressors, which are as fast from their first page on as those in TypeScript become after some
 * hundred milliseconds, and faster then. `plain` says what is wrong with damaged data, and takes pages that are larger
 * than the room there is.
 */
export function compiledCodecs(compiled: Compiled, plain: Codecs): Pick<Codecs, 'zlib' | 'lzo' | 'zstd'> {
  const memory = new Uint8Array(compiled.memory);
  const input = compiled.input();
  const output = compiled.output();
  const mostInput = compiled.mostInput();
  const mostOutput = compiled.mostOutput();
  const page = memory.subarray(output, output + USUAL_PAGE);
  const decoder =
    (decode: Decode, otherwise: Decompress): Decompress =>
    (from, to) => {
      if (from.length > mostInput || to.length > mostOutput) return otherwise(from, to);
      memory.set(from, input);
      const size = decode(from.length, to.length);
      if (size < 0) return otherwise(from, to);
      to.set(size === page.length ? page : memory.subarray(output, output + size));
      return size;
    };
  return {
    zlib: decoder(compiled.inflate, plain.zlib),
    lzo: decoder(compiled.lzo, plain.lzo),
    zstd: decoder(compiled.zstd, plain.zstd),
  };
}
