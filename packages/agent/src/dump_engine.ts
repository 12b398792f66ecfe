import type { Port } from './port.ts';

/** What a dump engine is asked for. */
export interface DumpRequest {
  readonly vmcore: string;
  /** Where to write; nothing is there yet. The caller gives it its final name. */
  readonly out: string;
  /** The file must not grow beyond this; what does not fit is left out, and the dump marked incomplete. */
  readonly sizeLimitBytes: number;
  readonly limitSeconds: number;
  /** Called now and then while the engine works. */
  readonly whileRunning: () => void;
}

/** What came of it. */
export type DumpResult =
  | {
      readonly ok: true;
      /** False where the size limit cut the dump. */
      readonly complete: boolean;
      readonly codec: string;
      /** What the size limit left out, in words; null where the engine does not tell. */
      readonly leftOut: string | null;
    }
  | {
      readonly ok: false;
      readonly why: string;
      /** The room is too small for what any dump begins with: no other engine can do better. */
      readonly tooSmall: boolean;
    };

/** A way to turn `/proc/vmcore` into a small kdump-compressed file. */
export interface DumpEngine {
  readonly name: string;
  /** Never throws. Whatever lies at `out` after a failure is the caller's to remove. */
  dump(port: Port, request: DumpRequest): DumpResult;
}
