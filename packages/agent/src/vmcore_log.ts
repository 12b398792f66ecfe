import { type ByteSource, readInto } from '@kcrash/vmcore/bytes/byte_source';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { readLog } from '@kcrash/vmcore/kernel/printk';
import { formatRecord } from '@kcrash/vmcore/kernel/printk_format';
import { openVmcore, type Vmcore } from '@kcrash/vmcore/vmcore';
import { type OpenFile, type Port, PortError } from './port.ts';
import { bytesOf } from './text.ts';

/** What VMCOREINFO tells of the crash; null where it does not. */
export interface VmcoreFacts {
  /** `uname -r` of the crashed kernel. */
  readonly release: string | null;
  /** When it crashed, in seconds since 1970. */
  readonly crashSeconds: number | null;
}

/** A log is read front to back, so few pages are worth keeping; the agent has 8 MB to live in. */
const CACHE_PAGES = 64;
/** Text is handed on in pieces of about this size. */
const CHUNK_CHARACTERS = 32_768;

/** Reads the notes of a vmcore. Throws `DumpError` or `PortError` where it has none. */
export function readVmcoreFacts(port: Port, path: string): VmcoreFacts {
  return withVmcore(port, path, ({ vmcoreinfo }) => ({
    release: vmcoreinfo.value('OSRELEASE') ?? null,
    crashSeconds: vmcoreinfo.crashTime ?? null,
  }));
}

/**
 * The log of the crashed kernel as `makedumpfile --dump-dmesg` writes it, in pieces, read from its memory.
 * Records that are not there are said to be missing, in their place.
 */
export function* vmcoreLog(port: Port, path: string): Generator<Uint8Array> {
  const file = port.open(path);
  try {
    const { virtual, vmcoreinfo } = openVmcore(sourceOf(file), {
      cachePages: CACHE_PAGES,
      ...port.platform,
    });
    let text = '';
    for (const item of readLog(virtual, vmcoreinfo)) {
      text +=
        item.kind === 'record'
          ? formatRecord(item, { style: 'dump', caller: false })
          : `[kcrash: ${item.records} message(s) missing here: ${item.reason}]\n`;
      if (text.length < CHUNK_CHARACTERS) continue;
      yield bytesOf(text);
      text = '';
    }
    if (text !== '') yield bytesOf(text);
  } finally {
    file.close();
  }
}

function withVmcore<T>(port: Port, path: string, use: (vmcore: Vmcore) => T): T {
  const file = port.open(path);
  try {
    return use(openVmcore(sourceOf(file), { cachePages: CACHE_PAGES, ...port.platform }));
  } finally {
    file.close();
  }
}

/** The library knows only its own error for a failed read. */
export function sourceOf(file: OpenFile): ByteSource {
  const failed = (error: unknown, offset: number, length: number) =>
    error instanceof PortError ? new DumpError('io', error.message, { offset, length }) : error;
  return {
    size: file.size,
    read: (offset, length) => {
      try {
        return file.read(offset, length);
      } catch (error) {
        throw failed(error, offset, length);
      }
    },
    readInto: (offset, target) => {
      try {
        readInto(file, offset, target);
      } catch (error) {
        throw failed(error, offset, target.length);
      }
    },
  };
}
