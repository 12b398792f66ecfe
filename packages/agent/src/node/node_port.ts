import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { NODE_PACK_CODECS, nodePacker } from '@kcrash/vmcore/codecs/packer.node';
import { type PackCodec, type PagePacker, plainPacker } from '@kcrash/vmcore/codecs/page_packer';
import { nodePlatform } from '@kcrash/vmcore/compiled/platform.node';
import {
  type ClockReading,
  type Ended,
  type FileStatus,
  type FileSystemStatus,
  type OpenFile,
  type Outcome,
  type Port,
  PortError,
  type RunOptions,
  type Writer,
} from '../port.ts';
import { messageOf } from '../text.ts';
import { runProgram, sleepMilliseconds } from './node_child.ts';

const READ_LIMIT_BYTES = 1 << 20;

/** Does the work; a failed system call of Node's becomes a `PortError`. */
function calling<T>(operation: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    throw new PortError(code, operation, path);
  }
}

function withFile<T>(path: string, flags: number, work: (fd: number) => T): T {
  const fd = fs.openSync(path, flags);
  try {
    return work(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** As the device reads it: the next read overwrites what this one gave. */
class NodeFile implements OpenFile {
  readonly size: number;
  readonly #path: string;
  readonly #fd: number;
  #buffer = new Uint8Array(0);

  constructor(path: string) {
    this.#path = path;
    this.#fd = calling('open', path, () => fs.openSync(path, 'r'));
    this.size = fs.fstatSync(this.#fd).size;
  }

  read(offset: number, length: number): Uint8Array {
    const at = { offset, length, size: this.size };
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new DumpError('out-of-bounds', `Wanted ${length} bytes at ${offset} of ${this.#path}`, at);
    }
    if (this.#buffer.length < length) this.#buffer = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const got = fs.readSync(this.#fd, this.#buffer, done, length - done, offset + done);
      if (got === 0) throw new DumpError('io', `${this.#path} ended while it was read`, at);
      done += got;
    }
    return this.#buffer.subarray(0, length);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

class NodeWriter implements Writer {
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string, mode: number) {
    this.#path = path;
    this.#fd = calling('create', path, () => fs.openSync(path, 'w', mode));
  }

  write(bytes: Uint8Array): void {
    calling('write', this.#path, () => {
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(this.#fd, bytes, done);
    });
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    calling('write', this.#path, () => {
      for (let done = 0; done < bytes.length; )
        done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
    });
  }

  sync(): void {
    calling('fsync', this.#path, () => fs.fsyncSync(this.#fd));
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/**
 * The machine as Node gives it: for tests of the agent on real files and programs. It can't fork, so `isolate`
 * does its work here and without a time limit; and it leaves mounts and the machine alone.
 */
export class NodePort implements Port {
  readonly platform = nodePlatform;
  readonly packCodecs = NODE_PACK_CODECS;

  exists(path: string): boolean {
    return fs.existsSync(path);
  }

  readFile(path: string, limitBytes = READ_LIMIT_BYTES): Uint8Array {
    return calling('read', path, () =>
      withFile(path, fs.constants.O_RDONLY, (fd) => {
        const bytes = new Uint8Array(limitBytes);
        let used = 0;
        for (let got = 1; got > 0 && used < limitBytes; used += got) {
          got = fs.readSync(fd, bytes, used, limitBytes - used, null);
        }
        return bytes.slice(0, used);
      }),
    );
  }

  open(path: string): OpenFile {
    return new NodeFile(path);
  }

  create(path: string, mode: number): Writer {
    return new NodeWriter(path, mode);
  }

  writeOnce(path: string, bytes: Uint8Array): void {
    const written = calling('write', path, () =>
      withFile(path, fs.constants.O_WRONLY, (fd) => fs.writeSync(fd, bytes)),
    );
    if (written !== bytes.length) throw new PortError('EIO', 'write', path);
  }

  rename(from: string, to: string): void {
    calling('rename', from, () => fs.renameSync(from, to));
  }

  unlink(path: string): void {
    calling('unlink', path, () => fs.unlinkSync(path));
  }

  makeDirectory(path: string, mode: number): void {
    calling('mkdir', path, () => fs.mkdirSync(path, { recursive: true, mode }));
  }

  list(path: string): string[] {
    return calling('readdir', path, () => fs.readdirSync(path));
  }

  status(path: string): FileStatus {
    const status = calling('stat', path, () => fs.statSync(path));
    return {
      kind: status.isFile() ? 'file' : status.isDirectory() ? 'directory' : 'other',
      sizeBytes: status.size,
      allocatedBytes: status.blocks * 512,
      modifiedSeconds: status.mtimeMs / 1000,
    };
  }

  setModified(path: string, unixSeconds: number): void {
    calling('utimes', path, () => fs.utimesSync(path, unixSeconds, unixSeconds));
  }

  sync(path: string): void {
    calling('fsync', path, () => withFile(path, fs.constants.O_RDONLY, (fd) => fs.fsyncSync(fd)));
  }

  syncFileSystem(path: string): void {
    this.status(path);
    if (spawnSync('sync', ['--file-system', path]).status !== 0) throw new PortError('EIO', 'syncfs', path);
  }

  syncAll(): void {
    spawnSync('sync');
  }

  fileSystem(path: string): FileSystemStatus {
    const status = calling('statfs', path, () => fs.statfsSync(path));
    const totalBytes = status.blocks * status.bsize;
    return { totalBytes, freeBytes: status.bfree * status.bsize, readOnly: readOnly(path) };
  }

  remount(path: string): void {
    throw new PortError('ENOSYS', 'remount', path);
  }

  mountMemory(path: string): void {
    throw new PortError('ENOSYS', 'mount', path);
  }

  unmount(path: string): void {
    throw new PortError('ENOSYS', 'umount', path);
  }

  run(argv: readonly string[], options: RunOptions): Ended {
    return runProgram(argv, options);
  }

  isolate<T>(_limitSeconds: number, work: () => T): Outcome<T> {
    try {
      return JSON.parse(JSON.stringify({ ok: true, value: work() })) as Outcome<T>;
    } catch (error) {
      return { ok: false, why: messageOf(error) };
    }
  }

  packer(codec: PackCodec, pageSize: number): PagePacker {
    return codec === 'zlib' ? nodePacker(pageSize, 1) : plainPacker(pageSize);
  }

  /** Node sees signals between steps of its own only. */
  interrupted(): boolean {
    return false;
  }

  clock(): ClockReading {
    const now = new Date();
    return { unixSeconds: Math.floor(now.getTime() / 1000), offsetMinutes: -now.getTimezoneOffset() };
  }

  monotonicSeconds(): number {
    return performance.now() / 1000;
  }

  sleep(seconds: number): void {
    sleepMilliseconds(seconds * 1000);
  }

  memory(): { readonly totalBytes: number; readonly freeBytes: number } {
    return { totalBytes: totalmem(), freeBytes: freemem() };
  }

  reboot(): void {
    throw new PortError('ENOSYS', 'reboot', '');
  }

  say(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  complain(line: string): void {
    process.stderr.write(`${line}\n`);
  }
}

function readOnly(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}
