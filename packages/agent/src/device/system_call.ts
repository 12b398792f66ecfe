import { errorName } from 'quickjs:kcrash_sys';
import * as os from 'quickjs:os';
import { PortError } from '../port.ts';

const EINTR = 4;

/** Passes on what a call returned, or throws the errno in it. */
export function checked(result: number, operation: string, path: string): number {
  if (result < 0) throw new PortError(errorName(-result), operation, path);
  return result;
}

/** Makes the call again while a signal interrupts it, then `checked`. */
export function calling(operation: string, path: string, call: () => number): number {
  let result = call();
  while (result === -EINTR) result = call();
  return checked(result, operation, path);
}

/** Throws the positive errno that some of QuickJS's calls return beside their result. */
export function checkErrno(errno: number, operation: string, path: string): void {
  checked(-errno, operation, path);
}

/** Writes all of `bytes`, in as many calls as it takes. */
export function writeAll(fd: number, bytes: Uint8Array, path: string): void {
  const buffer = bytes.buffer as ArrayBuffer;
  for (let done = 0; done < bytes.length; ) {
    const start = bytes.byteOffset + done;
    const written = calling('write', path, () => os.write(fd, buffer, start, bytes.length - done));
    if (written === 0) throw new PortError('EIO', 'write', path);
    done += written;
  }
}

/** Opens, works, closes, whatever the work comes to. */
export function withFile<T>(path: string, flags: number, work: (fd: number) => T): T {
  const fd = calling('open', path, () => os.open(path, flags));
  try {
    return work(fd);
  } finally {
    os.close(fd);
  }
}

/** At most `limitBytes` of an open file, up to its end. Its size is not asked: `/proc` says 0. */
export function readUpTo(fd: number, limitBytes: number, path: string): Uint8Array {
  let bytes = new Uint8Array(Math.min(limitBytes, 4096));
  let used = 0;
  while (used < limitBytes) {
    if (used === bytes.length) {
      const larger = new Uint8Array(Math.min(limitBytes, used * 2));
      larger.set(bytes);
      bytes = larger;
    }
    const { buffer, length } = bytes;
    const got = calling('read', path, () => os.read(fd, buffer, used, length - used));
    if (got === 0) break;
    used += got;
  }
  return bytes.slice(0, used);
}
