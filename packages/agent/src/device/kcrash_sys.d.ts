/**
 * The C module of the device binary (`native/kcrash_sys.c`): system calls that QuickJS's `os` lacks. As in
 * `os`, a negative number is a negative errno.
 */
declare module 'quickjs:kcrash_sys' {
  export function fsync(fd: number): number;
  /**
   * fdatasync(2) of what the file has by now, in a thread of its own; nothing where one is under way. An error comes from
   * `endFlush`, and not from `fsync` any more.
   */
  export function startFlush(fd: number): void;
  /** Waits for it; 0, or the first error since it was asked last. */
  export function endFlush(): number;
  /** syncfs(2) of the file system that holds the open file. */
  export function syncfs(fd: number): number;
  /** sync(2). */
  export function sync(): void;
  /** pread(2) into `buffer[start, start + length)`; returns how many bytes came. */
  export function pread(
    fd: number,
    buffer: ArrayBuffer,
    start: number,
    length: number,
    position: number,
  ): number;
  /** pwrite(2) of `buffer[start, start + length)`; returns how many bytes went. */
  export function pwrite(
    fd: number,
    buffer: ArrayBuffer,
    start: number,
    length: number,
    position: number,
  ): number;
  /** Whether SIGINT or SIGTERM came since this was first called, which keeps them from ending the program. */
  export function interrupted(): boolean;
  /** statvfs(3). `freeBytes` counts what only the superuser may use. `flags` has the `ST_…` bits. */
  export function statvfs(path: string): { totalBytes: number; freeBytes: number; flags: number } | number;
  /** sysinfo(2). */
  export function sysinfo(): { totalBytes: number; freeBytes: number } | number;
  /** umount(2). */
  export function unmount(path: string): number;
  /** mount(2); `type` and `options` are empty where they are not wanted. */
  export function mount(path: string, type: string, flags: number, options: string): number;
  /** reboot(2): returns only a failure. */
  export function reboot(): number;
  /** `ENOSPC` for 28. */
  export function errorName(errno: number): string;
}
