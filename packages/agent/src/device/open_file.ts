import { endFlush, fsync, pread, pwrite, startFlush } from 'quickjs:kcrash_sys';
import * as os from 'quickjs:os';
import { SEEK_END } from 'quickjs:std';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { type OpenFile, PortError, type Writer } from '../port.ts';
import { calling, checked, writeAll } from './system_call.ts';

/** A file that is read anywhere. Its buffer grows with the longest read, and the next read overwrites it. */
export class DeviceFile implements OpenFile {
  readonly size: number;
  readonly #path: string;
  #fd: number;
  #buffer = new Uint8Array(4096);

  constructor(path: string) {
    this.#path = path;
    this.#fd = calling('open', path, () => os.open(path, os.O_RDONLY));
    // The end rather than st_size: block devices have one too.
    const end = os.seek(this.#fd, 0, SEEK_END);
    if (end < 0) this.close();
    this.size = checked(end, 'seek', path);
  }

  read(offset: number, length: number): Uint8Array {
    // Not grown to the length of a read that would be refused.
    if (this.#buffer.length < length && length <= this.size) this.#buffer = new Uint8Array(length);
    this.#readTo(this.#buffer.buffer, 0, offset, length);
    return this.#buffer.subarray(0, length);
  }

  readInto(offset: number, target: Uint8Array): void {
    this.#readTo(target.buffer as ArrayBuffer, target.byteOffset, offset, target.length);
  }

  #readTo(buffer: ArrayBuffer, start: number, offset: number, length: number): void {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      const wanted = `[0x${offset.toString(16)}, 0x${(offset + length).toString(16)})`;
      throw new DumpError(
        'out-of-bounds',
        `Wanted bytes ${wanted} of ${this.#path}, which ends at 0x${this.size.toString(16)}`,
        { offset, length, size: this.size },
      );
    }
    // Nearly always one call is enough, without a function around it: those would take as long.
    let done = Math.max(pread(this.#fd, buffer, start, length, offset), 0);
    while (done < length) done += this.#readSome(buffer, start + done, length - done, offset + done);
  }

  close(): void {
    if (this.#fd < 0) return;
    os.close(this.#fd);
    this.#fd = -1;
  }

  #readSome(buffer: ArrayBuffer, start: number, length: number, position: number): number {
    const at = `${this.#path} at 0x${position.toString(16)}`;
    try {
      const got = calling('read', at, () => pread(this.#fd, buffer, start, length, position));
      if (got > 0) return got;
    } catch (error) {
      if (error instanceof PortError) throw new DumpError('io', error.message, { position });
      throw error;
    }
    throw new DumpError('io', `${at} ended while it was read`, { position });
  }
}

/** So much of a large file is flushed at a time, so that the disk is not idle until its end. */
const FLUSH_BYTES = 2 << 20;

/** A file that is written. One at a time may be by `writeAt`, since its flushes are. */
export class DeviceWriter implements Writer {
  readonly #path: string;
  #fd: number;
  #unflushed = 0;
  #flushes = false;

  constructor(path: string, mode: number) {
    this.#path = path;
    const flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC;
    this.#fd = calling('create', path, () => os.open(path, flags, mode));
  }

  write(bytes: Uint8Array): void {
    writeAll(this.#fd, bytes, this.#path);
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    const buffer = bytes.buffer as ArrayBuffer;
    for (let done = 0; done < bytes.length; ) {
      const [start, left, at] = [bytes.byteOffset + done, bytes.length - done, offset + done];
      const written = calling('write', this.#path, () => pwrite(this.#fd, buffer, start, left, at));
      if (written === 0) throw new PortError('EIO', 'write', this.#path);
      done += written;
    }
    this.#unflushed += bytes.length;
    if (this.#unflushed < FLUSH_BYTES) return;
    this.#unflushed = 0;
    this.#flushes = true;
    startFlush(this.#fd);
  }

  sync(): void {
    checked(this.#endFlush(), 'fsync', this.#path);
    checked(fsync(this.#fd), 'fsync', this.#path);
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#endFlush();
    const result = os.close(this.#fd);
    this.#fd = -1;
    checked(result, 'close', this.#path);
  }

  #endFlush(): number {
    const result = this.#flushes ? endFlush() : 0;
    this.#flushes = false;
    return result;
  }
}
