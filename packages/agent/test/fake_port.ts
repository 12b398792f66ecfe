import { type PackCodec, type PagePacker, plainPacker } from '@kcrash/vmcore/codecs/page_packer';
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
} from '../src/port.ts';

/** The machine is gone: cut off by the test, or restarted by the agent. Deliberately no Error. */
export class MachineGone {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

interface Inode {
  bytes: Uint8Array;
  /** What a power cut leaves of the content; null: nothing was ever synced. */
  synced: Uint8Array | null;
  mode: number;
  modified: number;
}

/** What to do to the n-th operation that touches persist, `/proc/vmcore` or the console. */
export interface Fault {
  readonly at: number;
  /** `power-cut` ends the machine; `kill` ends the isolated process; `hang` lets it reach its time limit. */
  readonly kind: 'power-cut' | 'kill' | 'hang';
}

/** Ends one isolated process, as a kill for memory or a time limit would. */
class ProcessGone {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

const PERSIST = '/persist';

/**
 * A machine with one disk under `/persist`, of which the fake knows what is on disk and what only in memory:
 * content is safe after an fsync of the file, a name after an fsync of its folder. Everything else is a table
 * of files in `/proc` and `/sys` that keep what is written to them.
 */
export class FakePort implements Port {
  readonly platform = {};
  readonly packCodecs: readonly PackCodec[] = ['none'];
  /** What `interrupted` says. */
  stopped = false;
  readonly virtual = new Map<string, Uint8Array>();
  readonly console: string[] = [];
  readonly said: string[] = [];
  readonly complained: string[] = [];
  /** Each call that changes the disk, in order. */
  readonly operations: string[] = [];
  readonly programs: string[] = [];
  fault: Fault | null = null;
  capacityBytes = 1 << 30;
  reservedBytes = 0;
  totalBytes = 1 << 30;
  readOnly = false;
  remountable = true;
  time = 1_790_000_000;
  programOf: (argv: readonly string[]) => Ended = () => ({ how: 'not-started', why: 'ENOENT' });
  private names = new Map<string, Inode>();
  private safeNames = new Map<string, Inode>();
  private folders = new Set<string>([PERSIST]);
  private count = 0;
  private depth = 0;

  constructor() {
    this.set(
      '/proc/self/mountinfo',
      '22 1 0:20 / / rw - ext4 /dev/root rw\n30 22 259:2 / /persist rw - ext4 /dev/p2 rw\n',
    );
    this.set('/proc/cmdline', 'root=/dev/x panic=5 elfcorehdr=0x1000');
    this.set('/proc/vmcore', 'garbage');
    this.set('/proc/sys/kernel/panic', '5\n');
    this.set('/dev/kmsg', '');
    this.set('/proc/sysrq-trigger', '');
    this.folders.add('/tmp');
  }

  set(path: string, text: string): void {
    this.virtual.set(path, new Uint8Array(Buffer.from(text, 'latin1')));
  }

  /** Puts a file on the disk, safely. */
  put(path: string, text: string): void {
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
    const inode = { bytes, synced: bytes, mode: 0o644, modified: 0 };
    this.names.set(path, inode);
    this.safeNames.set(path, inode);
    this.folders.add(path.slice(0, path.lastIndexOf('/')));
  }

  /** What a power cut now would leave: path to content. */
  onDisk(): Map<string, string> {
    const files = [...this.safeNames].map(
      ([path, inode]) => [path, text(inode.synced ?? new Uint8Array())] as const,
    );
    return new Map(files);
  }

  modifiedOf(path: string): number | undefined {
    return this.safeNames.get(path)?.modified;
  }

  /** Every operation on something that can hang, be killed in, or lose power passes here. */
  private touch(what: string): void {
    this.operations.push(what);
    const fault = this.fault;
    if (fault === null || this.count++ !== fault.at) return;
    if (fault.kind === 'power-cut') throw new MachineGone('power cut');
    if (this.depth === 0) throw new Error(`would ${fault.kind} the agent itself: ${what}`);
    throw new ProcessGone(fault.kind === 'kill' ? 'killed by signal 9' : 'no end within the time limit');
  }

  private used(): number {
    const inodes = new Set(this.names.values());
    return [...inodes].reduce((sum, inode) => sum + inode.bytes.length, 0) + this.reservedBytes;
  }

  private inode(operation: string, path: string): Inode {
    const inode = this.names.get(path);
    if (inode === undefined) throw new PortError('ENOENT', operation, path);
    return inode;
  }

  private guardWrite(operation: string, path: string): void {
    this.touch(`${operation} ${path}`);
    if (this.readOnly) throw new PortError('EROFS', operation, path);
  }

  exists(path: string): boolean {
    return this.virtual.has(path) || this.names.has(path) || this.folders.has(path);
  }

  readFile(path: string, limitBytes = 1 << 20): Uint8Array {
    const bytes = this.virtual.get(path) ?? this.inode('open', path).bytes;
    return bytes.slice(0, limitBytes);
  }

  open(path: string): OpenFile {
    const bytes = this.virtual.get(path) ?? this.inode('open', path).bytes;
    this.touch(`open ${path}`);
    return {
      size: bytes.length,
      read: (offset, length) => {
        if (offset + length > bytes.length) throw new PortError('EIO', 'read', path);
        return bytes.slice(offset, offset + length);
      },
      close: () => {},
    };
  }

  create(path: string, mode: number): Writer {
    this.guardWrite('create', path);
    if (!this.folders.has(path.slice(0, path.lastIndexOf('/')))) throw new PortError('ENOENT', 'open', path);
    const inode = this.names.get(path) ?? {
      bytes: new Uint8Array(),
      synced: null,
      mode,
      modified: this.time,
    };
    inode.bytes = new Uint8Array();
    this.names.set(path, inode);
    return {
      write: (bytes) => {
        this.guardWrite('write', path);
        if (this.used() + bytes.length > this.capacityBytes) throw new PortError('ENOSPC', 'write', path);
        const joined = new Uint8Array(inode.bytes.length + bytes.length);
        joined.set(inode.bytes);
        joined.set(bytes, inode.bytes.length);
        inode.bytes = joined;
      },
      writeAt: (offset, bytes) => {
        this.guardWrite('write', path);
        const end = Math.max(inode.bytes.length, offset + bytes.length);
        if (this.used() + end - inode.bytes.length > this.capacityBytes)
          throw new PortError('ENOSPC', 'write', path);
        const joined = new Uint8Array(end);
        joined.set(inode.bytes);
        joined.set(bytes, offset);
        inode.bytes = joined;
      },
      sync: () => {
        this.guardWrite('fsync', path);
        inode.synced = inode.bytes;
      },
      close: () => {},
    };
  }

  writeOnce(path: string, bytes: Uint8Array): void {
    if (path === '/dev/kmsg') {
      this.touch(`write ${path}`);
      this.console.push(text(bytes));
    } else if (path === '/proc/sysrq-trigger' && text(bytes) === 'b') {
      throw new MachineGone('restart');
    } else if (!this.virtual.has(path)) {
      throw new PortError('ENOENT', 'open', path);
    } else {
      this.virtual.set(path, bytes);
    }
  }

  rename(from: string, to: string): void {
    this.guardWrite('rename', to);
    this.names.set(to, this.inode('rename', from));
    this.names.delete(from);
  }

  unlink(path: string): void {
    this.guardWrite('unlink', path);
    this.inode('unlink', path);
    this.names.delete(path);
  }

  makeDirectory(path: string): void {
    this.guardWrite('mkdir', path);
    this.folders.add(path);
  }

  list(path: string): string[] {
    this.touch(`list ${path}`);
    if (!this.folders.has(path)) throw new PortError('ENOENT', 'opendir', path);
    return [...this.names.keys()]
      .filter((name) => folder(name) === path)
      .map((name) => name.slice(path.length + 1));
  }

  status(path: string): FileStatus {
    const inode = this.inode('stat', path);
    this.touch(`stat ${path}`);
    const sizeBytes = inode.bytes.length;
    return { kind: 'file', sizeBytes, allocatedBytes: sizeBytes, modifiedSeconds: inode.modified };
  }

  setModified(path: string, unixSeconds: number): void {
    this.guardWrite('utimes', path);
    this.inode('utimes', path).modified = unixSeconds;
  }

  sync(path: string): void {
    this.guardWrite('fsync', path);
    if (!this.folders.has(path)) {
      const inode = this.inode('fsync', path);
      inode.synced = inode.bytes;
      return;
    }
    for (const name of [...this.safeNames.keys()]) if (folder(name) === path) this.safeNames.delete(name);
    for (const [name, inode] of this.names) if (folder(name) === path) this.safeNames.set(name, inode);
  }

  syncFileSystem(path: string): void {
    this.touch(`syncfs ${path}`);
    for (const inode of this.names.values()) inode.synced = inode.bytes;
    this.safeNames = new Map(this.names);
  }

  syncAll(): void {
    this.syncFileSystem('/');
  }

  fileSystem(path: string): FileSystemStatus {
    this.touch(`statvfs ${path}`);
    return {
      totalBytes: this.totalBytes,
      freeBytes: this.capacityBytes - this.used(),
      readOnly: this.readOnly,
    };
  }

  remount(path: string, readOnly: boolean): void {
    this.touch(`remount ${readOnly ? 'ro' : 'rw'} ${path}`);
    if (!this.remountable) throw new PortError('EACCES', 'mount', path);
    if (readOnly) this.syncFileSystem(path);
    this.readOnly = readOnly;
  }

  mountMemory(path: string): void {
    this.operations.push(`tmpfs ${path}`);
    this.folders.add(path);
  }

  unmount(path: string): void {
    this.touch(`umount ${path}`);
    this.syncFileSystem(path);
  }

  run(argv: readonly string[], options: RunOptions): Ended {
    this.programs.push(argv.join(' '));
    this.depth += 1;
    try {
      this.touch(`run ${argv[0]}`);
      options.whileRunning?.();
      return this.programOf(argv);
    } catch (error) {
      if (error instanceof ProcessGone) return { how: 'timed-out', output: '' };
      throw error;
    } finally {
      this.depth -= 1;
    }
  }

  /** What a program writes: straight to the disk's memory side, within the room there is. */
  programWrites(path: string, content: string): boolean {
    const bytes = new Uint8Array(Buffer.from(content, 'latin1'));
    const fits = !this.readOnly && this.used() + bytes.length <= this.capacityBytes;
    if (fits && this.folders.has(folder(path)))
      this.names.set(path, { bytes, synced: null, mode: 0o600, modified: this.time });
    return fits;
  }

  isolate<T>(_limitSeconds: number, work: () => T): Outcome<T> {
    this.depth += 1;
    try {
      const value = work();
      return { ok: true, value: value === undefined ? value : JSON.parse(JSON.stringify(value)) };
    } catch (error) {
      if (error instanceof MachineGone) throw error;
      if (error instanceof ProcessGone) return { ok: false, why: error.why };
      return { ok: false, why: error instanceof Error ? error.message : String(error) };
    } finally {
      this.depth -= 1;
    }
  }

  packer(_codec: PackCodec, pageSize: number): PagePacker {
    return plainPacker(pageSize);
  }

  interrupted(): boolean {
    return this.stopped;
  }

  clock(): ClockReading {
    return { unixSeconds: this.time, offsetMinutes: 0 };
  }

  monotonicSeconds(): number {
    return this.time;
  }

  sleep(seconds: number): void {
    this.operations.push(`sleep ${seconds}`);
    if (seconds >= 3600) throw new MachineGone('waits for ever');
    this.time += seconds;
  }

  memory(): { totalBytes: number; freeBytes: number } {
    return { totalBytes: 1 << 27, freeBytes: 1 << 26 };
  }

  reboot(): void {
    throw new MachineGone('restart by reboot(2)');
  }

  say(line: string): void {
    this.said.push(line);
  }

  complain(line: string): void {
    this.complained.push(line);
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function folder(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
