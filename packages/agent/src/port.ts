import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import type { PackCodec, PagePacker } from '@kcrash/vmcore/codecs/page_packer';
import type { Platform } from '@kcrash/vmcore/dump';

/** A system call that failed. `code` is the errno's name (`ENOSPC`), as Node and libc spell it. */
export class PortError extends Error {
  override readonly name = 'PortError';
  readonly code: string;
  readonly operation: string;
  readonly path: string;

  constructor(code: string, operation: string, path: string) {
    super(`${operation} ${path}: ${code}`);
    this.code = code;
    this.operation = operation;
    this.path = path;
  }
}

/** A file being written front to back. Nothing is promised to be on disk before `sync` has returned. */
export interface Writer {
  /** Writes all of `bytes` or throws `PortError` (`ENOSPC`, `EIO`, …); a part may then have been written. */
  write(bytes: Uint8Array): void;
  /** The same at an offset of its own, which `write` knows nothing of; what is never written reads as zeros. */
  writeAt(offset: number, bytes: Uint8Array): void;
  /** fsync(2). */
  sync(): void;
  close(): void;
}

export interface OpenFile extends ByteSource {
  close(): void;
}

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  /** Bytes that removing the file would free (st_blocks × 512). */
  readonly allocatedBytes: number;
  /** st_mtime, in seconds since 1970. */
  readonly modifiedSeconds: number;
}

/** statvfs(3) of the file system that holds a path. */
export interface FileSystemStatus {
  readonly totalBytes: number;
  /** Free to the superuser (f_bfree): the agent runs as root. */
  readonly freeBytes: number;
  readonly readOnly: boolean;
}

/** How a child process ended. */
export type Ended =
  | { readonly how: 'exited'; readonly code: number; readonly output: string }
  | { readonly how: 'killed'; readonly signal: number; readonly output: string }
  | { readonly how: 'timed-out'; readonly output: string }
  | { readonly how: 'not-started'; readonly why: string };

export interface RunOptions {
  /** After this long the child and its process group get SIGKILL. */
  readonly limitSeconds: number;
  /** Of standard output and standard error together the first this many bytes are kept. Default 16,384. */
  readonly outputLimitBytes?: number;
  /** Called about twice a second while the child runs. */
  readonly whileRunning?: () => void;
}

/** What an isolated piece of work came to. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

export interface ClockReading {
  /** Seconds since 1970, whole. */
  readonly unixSeconds: number;
  /** Offset of local time from UTC, in minutes, positive to the east. */
  readonly offsetMinutes: number;
}

/**
 * All that the agent knows of the machine. Paths are absolute. Every call throws `PortError` on failure
 * unless its comment says otherwise.
 */
export interface Port {
  /** What the platform decompresses faster than the library does. */
  readonly platform: Platform;
  /** With which codecs pages are packed for a dump, the best first. */
  readonly packCodecs: readonly PackCodec[];
  /** A packer with one of `packCodecs`; the caller closes it. */
  packer(codec: PackCodec, pageSize: number): PagePacker;

  exists(path: string): boolean;
  /** The whole file, at most `limitBytes` (default 1 MiB) of it. Works for `/proc` files, whose size is 0. */
  readFile(path: string, limitBytes?: number): Uint8Array;
  open(path: string): OpenFile;
  /** Creates or truncates. */
  create(path: string, mode: number): Writer;
  /** One open, one write(2), one close: how `/proc`, `/sys` and `/dev/kmsg` want to be written to. */
  writeOnce(path: string, bytes: Uint8Array): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** mkdir -p. */
  makeDirectory(path: string, mode: number): void;
  /** Names in a folder, without `.` and `..`, in no order. */
  list(path: string): string[];
  status(path: string): FileStatus;
  setModified(path: string, unixSeconds: number): void;
  /** fsync(2) of a file or a folder by its path. */
  sync(path: string): void;
  /** syncfs(2) of the file system that holds the path. */
  syncFileSystem(path: string): void;
  /** sync(2). */
  syncAll(): void;
  fileSystem(path: string): FileSystemStatus;
  /** mount(2) with MS_REMOUNT: the whole file system, wherever else it is mounted too. */
  remount(path: string, readOnly: boolean): void;
  /** Mounts a tmpfs of at most `sizeBytes` over a folder. */
  mountMemory(path: string, sizeBytes: number): void;
  /** umount(2). */
  unmount(path: string): void;

  /** Runs a program found by its path or in PATH. Never throws. */
  run(argv: readonly string[], options: RunOptions): Ended;
  /**
   * Runs `work` in a process of its own (fork), so that a hang in the kernel, a kill for memory or a crash
   * there ends the work and not the caller. The value crosses as JSON. Never throws.
   */
  isolate<T>(limitSeconds: number, work: () => T): Outcome<T>;

  /** Whether Ctrl-C or SIGTERM came since this was first asked: from then on they do not end the program. */
  interrupted(): boolean;

  clock(): ClockReading;
  monotonicSeconds(): number;
  sleep(seconds: number): void;
  /** sysinfo(2). */
  memory(): { readonly totalBytes: number; readonly freeBytes: number };
  /** reboot(2) with LINUX_REBOOT_CMD_RESTART; returns only on failure, by throwing. */
  reboot(): void;
  /** A line for whoever started the program. Never throws. */
  say(line: string): void;
  /** A line on standard error. Never throws. */
  complain(line: string): void;
}
