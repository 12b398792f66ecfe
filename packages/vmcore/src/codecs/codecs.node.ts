import { inflateSync } from 'node:zlib';
import { DumpError } from '../bytes/errors.ts';
import type { Codecs, Decompress } from './codec.ts';

const zlib: Decompress = (input, output) => {
  try {
    const bytes = inflateSync(input, { maxOutputLength: output.length });
    output.set(bytes);
    return bytes.length;
  } catch (error) {
    throw new DumpError(
      'bad-format',
      `zlib data of ${input.length} bytes: ${error instanceof Error ? error.message : error}`,
    );
  }
};

/** What Node 20 decompresses faster than the library does: measured, half the time for zlib's pages. */
export const nodeCodecs: Partial<Codecs> = { zlib };
