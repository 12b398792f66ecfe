/** What the device adapter uses of QuickJS's own modules. In `os`, a negative number is a negative errno. */
declare module 'quickjs:std' {
  interface File {
    puts(text: string): void;
    flush(): void;
    close(): void;
  }
  export const out: File;
  export const err: File;
  export function fdopen(fd: number, flags: 'r' | 'w'): File;
  export const SEEK_END: number;
  export function exit(code: number): never;
  export function getenv(name: string): string | undefined;
  export function setenv(name: string, value: string): void;
}

declare module 'quickjs:os' {
  interface Status {
    mode: number;
    size: number;
    /** Of 512 bytes. */
    blocks: number;
    /** Milliseconds since 1970. */
    mtime: number;
  }
  export const O_RDONLY: number;
  export const O_WRONLY: number;
  export const O_CREAT: number;
  export const O_TRUNC: number;
  export const S_IFMT: number;
  export const S_IFDIR: number;
  export const S_IFREG: number;
  export const SIGPIPE: number;
  export const WNOHANG: number;
  export function open(path: string, flags: number, mode?: number): number;
  export function close(fd: number): number;
  export function seek(fd: number, offset: number, whence: number): number;
  export function read(fd: number, buffer: ArrayBuffer, start: number, length: number): number;
  export function write(fd: number, buffer: ArrayBuffer, start: number, length: number): number;
  export function pipe(): [readEnd: number, writeEnd: number] | null;
  export function mkdir(path: string, mode: number): number;
  export function rename(from: string, to: string): number;
  /** unlink(2), and rmdir(2) for a folder. */
  export function remove(path: string): number;
  /** With a positive errno. */
  export function readdir(path: string): [names: string[], errno: number];
  export function stat(path: string): [status: Status, errno: 0] | [status: null, errno: number];
  export function lstat(path: string): [status: Status, errno: 0] | [status: null, errno: number];
  export function utimes(path: string, accessedMilliseconds: number, modifiedMilliseconds: number): number;
  export function sleep(milliseconds: number): number;
  /** Milliseconds of the monotonic clock. */
  export function now(): number;
  export function waitpid(pid: number, options: number): [pid: number, status: number];
  export function kill(pid: number, signal: number): number;
  /** `undefined` ignores the signal. */
  export function signal(signal: number, handler: undefined): void;
}

/** The program's words, its name first. */
declare const scriptArgs: string[];
