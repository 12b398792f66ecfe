import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { DumpFile } from '../protocol.ts';
import { BlockSource, type ReadRange } from './block_source.ts';

/** A file of the user's or of the server's as a source of bytes; `read` is told how many bytes each read took. */
export function sourceOf(file: DumpFile, read: (bytes: number) => void): BlockSource {
  const { name } = file.kind === 'file' ? file.file : file;
  const size = file.kind === 'file' ? file.file.size : file.bytes;
  const readRange = file.kind === 'file' ? fileReader(file.file) : servedReader(file.url);
  return new BlockSource(name, size, (offset, length) => {
    const bytes = readRange(offset, length);
    if (bytes.length !== length) {
      throw new DumpError(
        'io',
        `Wanted ${length} bytes of ${name} at ${offset}, got ${bytes.length}: the file has changed`,
      );
    }
    read(length);
    return bytes;
  });
}

function fileReader(file: File): ReadRange {
  const reader = new FileReaderSync();
  return (offset, length) => {
    try {
      return new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, offset + length)));
    } catch (error) {
      throw new DumpError('io', `${file.name} cannot be read at ${offset}: ${reason(error)}`);
    }
  };
}

/** Only a request that waits for its answer lets the library read as it does everywhere else. */
function servedReader(url: string): ReadRange {
  return (offset, length) => {
    const request = new XMLHttpRequest();
    try {
      request.open('GET', url, false);
      request.responseType = 'arraybuffer';
      request.setRequestHeader('Range', `bytes=${offset}-${offset + length - 1}`);
      request.send();
    } catch (error) {
      throw new DumpError('io', `kcrash view no longer answers: ${reason(error)}`);
    }
    if (request.status !== 206) {
      throw new DumpError('io', `kcrash view answered with status ${request.status}, wanted 206`);
    }
    return new Uint8Array(request.response as ArrayBuffer);
  };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
