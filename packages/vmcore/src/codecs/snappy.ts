import { DumpError } from '../bytes/errors.ts';
import { copyLiterals, copyMatch } from './copy.ts';

/**
 * Decompresses a raw snappy block, from its `format_description.txt`: the output's length as a varint, then
 * elements whose lowest two bits tell a literal from copies with offsets of 1, 2 and 4 bytes.
 */
export function decompressSnappy(input: Uint8Array, output: Uint8Array): number {
  const reader = { input, at: 0 };
  const size = readVarint(reader);
  if (size > output.length)
    throw new DumpError('bad-format', `Snappy data of ${size} bytes; room is for ${output.length}`);
  let done = 0;
  while (reader.at < input.length) {
    const tag = readBytes(reader, 1);
    const isLiteral = (tag & 3) === 0;
    const length = isLiteral ? literalLength(reader, tag) : copyLength(tag);
    const from = isLiteral ? reader.at : done - copyDistance(reader, tag);
    const room = isLiteral ? input.length - reader.at : size;
    if (length > room || done + length > size || from < 0 || (!isLiteral && from >= done)) {
      throw new DumpError('bad-format', `Snappy copies ${length} bytes from ${from} to ${done} of ${size}`);
    }
    if (isLiteral) copyLiterals(input, from, output, done, length);
    else copyMatch(output, done, done - from, length);
    done += length;
    if (isLiteral) reader.at += length;
  }
  if (done !== size) throw new DumpError('bad-format', `Snappy data ends after ${done} of ${size} bytes`);
  return size;
}

interface Reader {
  readonly input: Uint8Array;
  at: number;
}

function readBytes(reader: Reader, count: number): number {
  let value = 0;
  for (let n = 0; n < count; n++) {
    const byte = reader.input[reader.at++];
    if (byte === undefined)
      throw new DumpError('bad-format', `Snappy data of ${reader.input.length} bytes ends early`);
    value += byte * 2 ** (8 * n);
  }
  return value;
}

function readVarint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = readBytes(reader, 1);
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw new DumpError('bad-format', 'The length of the snappy data takes more than five bytes');
}

function literalLength(reader: Reader, tag: number): number {
  const short = tag >> 2;
  return (short < 60 ? short : readBytes(reader, short - 59)) + 1;
}

function copyLength(tag: number): number {
  return (tag & 3) === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
}

function copyDistance(reader: Reader, tag: number): number {
  const kind = tag & 3;
  return kind === 1 ? ((tag >> 5) << 8) + readBytes(reader, 1) : readBytes(reader, kind === 2 ? 2 : 4);
}
