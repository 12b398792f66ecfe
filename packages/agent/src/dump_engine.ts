import type { Port } from './port.ts';

/** What a dump engine is asked for. */
export interface DumpRequest {
  readonly vmcore: string;
  /** Where to write; nothing is there yet. The caller gives it its final name. */
  readonly out: string;
  /** The file must not grow beyond this; what does not fit is left out, and the dump marked incomplete. */
  readonly sizeLimitBytes: number;
  readonly limitSeconds: number;
}

/** What came of it. */
export type DumpResult =
  | {
      readonly ok: true;
      /** False where the size limit cut the dump. */
      readonly complete: boolean;
      readonly codec: string;
    }
  | { readonly ok: false; readonly why: string };

/** A way to turn `/proc/vmcore` into a small kdump-compressed file. */
export interface DumpEngine {
  readonly name: string;
  /** Never throws. Whatever lies at `out` after a failure is the caller's to remove. */
  dump(port: Port, request: DumpRequest): DumpResult;
}
