import * as sys from 'quickjs:kcrash_sys';
import * as os from 'quickjs:os';
import * as std from 'quickjs:std';
import type { PackCodec, PagePacker } from '@kcrash/vmcore/codecs/page_packer';
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
import { isolated, runProgram } from './child.ts';
import { DEVICE_PACK_CODECS, devicePacker } from './device_packer.ts';
import { devicePlatform } from './device_platform.ts';
import { DeviceFile, DeviceWriter } from './open_file.ts';
import { calling, checkErrno, checked, readUpTo, withFile } from './system_call.ts';

const READ_LIMIT_BYTES = 1 << 20;
// mount(2), and statvfs(3) of glibc: all flags but RELATIME have the same value in both.
const MS_RDONLY = 0x1;
const MS_NOSUID = 0x2;
const MS_NODEV = 0x4;
const MS_REMOUNT = 0x20;
const MS_RELATIME = 0x20_0000;
const ST_RELATIME = 0x1000;
/** NOSUID, NODEV, NOEXEC, SYNCHRONOUS, NOATIME, NODIRATIME. */
const SAME_FLAGS = 0x2 | 0x4 | 0x8 | 0x10 | 0x400 | 0x800;

function statvfs(path: string): Exclude<ReturnType<typeof sys.statvfs>, number> {
  const status = sys.statvfs(path);
  if (typeof status === 'number') throw new PortError(sys.errorName(-status), 'statvfs', path);
  return status;
}

/** The machine, as QuickJS and the C module give it. */
export class QuickJsPort implements Port {
  readonly platform = devicePlatform;
  readonly packCodecs = DEVICE_PACK_CODECS;

  exists(path: string): boolean {
    return os.stat(path)[1] === 0;
  }

  readFile(path: string, limitBytes = READ_LIMIT_BYTES): Uint8Array {
    return withFile(path, os.O_RDONLY, (fd) => readUpTo(fd, limitBytes, path));
  }

  open(path: string): OpenFile {
    return new DeviceFile(path);
  }

  create(path: string, mode: number): Writer {
    return new DeviceWriter(path, mode);
  }

  writeOnce(path: string, bytes: Uint8Array): void {
    withFile(path, os.O_WRONLY, (fd) => {
      const buffer = bytes.buffer as ArrayBuffer;
      const written = calling('write', path, () => os.write(fd, buffer, bytes.byteOffset, bytes.length));
      if (written !== bytes.length) throw new PortError('EIO', 'write', path);
    });
  }

  rename(from: string, to: string): void {
    checked(os.rename(from, to), 'rename', from);
  }

  unlink(path: string): void {
    const [status] = os.lstat(path);
    if (status !== null && (status.mode & os.S_IFMT) === os.S_IFDIR) {
      throw new PortError('EISDIR', 'unlink', path);
    }
    checked(os.remove(path), 'unlink', path);
  }

  makeDirectory(path: string, mode: number): void {
    const [status] = os.stat(path);
    if (status !== null && (status.mode & os.S_IFMT) === os.S_IFDIR) return;
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent !== '' && !this.exists(parent)) this.makeDirectory(parent, mode);
    checked(os.mkdir(path, mode), 'mkdir', path);
  }

  list(path: string): string[] {
    const [names, errno] = os.readdir(path);
    checkErrno(errno, 'readdir', path);
    return names.filter((name) => name !== '.' && name !== '..');
  }

  status(path: string): FileStatus {
    const [status, errno] = os.stat(path);
    if (status === null) throw new PortError(sys.errorName(errno), 'stat', path);
    const type = status.mode & os.S_IFMT;
    return {
      kind: type === os.S_IFREG ? 'file' : type === os.S_IFDIR ? 'directory' : 'other',
      sizeBytes: status.size,
      allocatedBytes: status.blocks * 512,
      modifiedSeconds: status.mtime / 1000,
    };
  }

  setModified(path: string, unixSeconds: number): void {
    const milliseconds = Math.round(unixSeconds * 1000);
    checked(os.utimes(path, milliseconds, milliseconds), 'utimes', path);
  }

  sync(path: string): void {
    withFile(path, os.O_RDONLY, (fd) => checked(sys.fsync(fd), 'fsync', path));
  }

  syncFileSystem(path: string): void {
    withFile(path, os.O_RDONLY, (fd) => checked(sys.syncfs(fd), 'syncfs', path));
  }

  syncAll(): void {
    sys.sync();
  }

  fileSystem(path: string): FileSystemStatus {
    const { totalBytes, freeBytes, flags } = statvfs(path);
    return { totalBytes, freeBytes, readOnly: (flags & MS_RDONLY) !== 0 };
  }

  remount(path: string, readOnly: boolean): void {
    // MS_REMOUNT sets all of a mount's flags anew: those that statvfs(3) tells are handed back.
    const { flags } = statvfs(path);
    const kept = (flags & SAME_FLAGS) | (flags & ST_RELATIME ? MS_RELATIME : 0);
    checked(sys.mount(path, '', MS_REMOUNT | kept | (readOnly ? MS_RDONLY : 0), ''), 'remount', path);
  }

  mountMemory(path: string, sizeBytes: number): void {
    checked(sys.mount(path, 'tmpfs', MS_NOSUID | MS_NODEV, `size=${sizeBytes},mode=0700`), 'mount', path);
  }

  unmount(path: string): void {
    checked(sys.unmount(path), 'umount', path);
  }

  run(argv: readonly string[], options: RunOptions): Ended {
    return runProgram(argv, options);
  }

  isolate<T>(limitSeconds: number, work: () => T): Outcome<T> {
    return isolated(limitSeconds, work);
  }

  packer(codec: PackCodec, pageSize: number): PagePacker {
    return devicePacker(codec, pageSize);
  }

  interrupted(): boolean {
    return sys.interrupted();
  }

  clock(): ClockReading {
    const now = new Date();
    return { unixSeconds: Math.floor(now.getTime() / 1000), offsetMinutes: -now.getTimezoneOffset() };
  }

  monotonicSeconds(): number {
    return os.now() / 1000;
  }

  sleep(seconds: number): void {
    os.sleep(Math.ceil(seconds * 1000));
  }

  memory(): { readonly totalBytes: number; readonly freeBytes: number } {
    const memory = sys.sysinfo();
    if (typeof memory === 'number') throw new PortError(sys.errorName(-memory), 'sysinfo', '');
    return memory;
  }

  reboot(): void {
    checked(sys.reboot(), 'reboot', '');
  }

  say(line: string): void {
    std.out.puts(`${line}\n`);
    std.out.flush();
  }

  complain(line: string): void {
    std.err.puts(`${line}\n`);
    std.err.flush();
  }
}
