import { inflate, unzstd } from 'quickjs:kcrash_codecs';
import * as loops from 'quickjs:kcrash_loops';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Decompress } from '@kcrash/vmcore/codecs/codec';
import { codecsWith } from '@kcrash/vmcore/codecs/codecs';
import { compiledCodecs } from '@kcrash/vmcore/compiled/codecs';
import type { Compiled } from '@kcrash/vmcore/compiled/compiled';
import { compiledTables } from '@kcrash/vmcore/compiled/tables';
import type { Platform } from '@kcrash/vmcore/dump';

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

/** Made when it is first asked for: what collects a crash never does. */
let made: Compiled | undefined;
function compiled(): Compiled {
  made ??= { ...loops, memory: loops.memory() };
  return made;
}

let lzo: Decompress | undefined;

/**
 * What the device binary has in C: zlib's and zstd's own code, and what `packages/vmcore/assembly` becomes. All of it is
 * fifty times faster than the library's TypeScript is in QuickJS.
 */
export const devicePlatform: Platform = {
  codecs: {
    zlib: decompressor('zlib', inflate),
    zstd: decompressor('zstd', unzstd),
    lzo: (input, output) => {
      lzo ??= compiledCodecs(compiled(), codecsWith({})).lzo;
      return lzo(input, output);
    },
  },
  tables: () => compiledTables(compiled()),
};
