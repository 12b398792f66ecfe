/**
 * A C module of the device binary (`native/kcrash_child.c`): child processes. As in QuickJS's `os`, a negative
 * number is a negative errno.
 */
declare module 'quickjs:kcrash_child' {
  /**
   * fork(2). The child is the first to be killed when memory ends, leads a process group of its own, and
   * dies with its parent.
   */
  export function fork(): number;
  /** _exit(2): flushes nothing, as a forked child must not. */
  export function exitNow(code: number): never;
  /**
   * Starts a program found by its path or in PATH, as a child like `fork`'s. Its standard output and error
   * come through `output`. `failure` gives exec's errno (a C `int`), or ends at once when the program runs.
   */
  export function spawn(words: readonly string[]): { pid: number; output: number; failure: number } | number;
  /** 1 when a read would not block (at the end too), 0 after `milliseconds` or when a signal came. */
  export function readable(fd: number, milliseconds: number): number;
  /** 1 when the child has ended. It stays a zombie, so that its number can't be another's yet. */
  export function ended(pid: number): number;
}
