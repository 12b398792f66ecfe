/** Where the bytes of a dump go: a file on every platform. What is never written between two writes reads as zeros. */
export interface ByteSink {
  /** Writes all of `bytes` at `offset`, or throws `DumpError` (`no-room` or `io`). The bytes are lent. */
  write(offset: number, bytes: Uint8Array): void;
}
