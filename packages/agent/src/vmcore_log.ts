import type { Port } from './port.ts';

/** What the notes of a vmcore tell. */
export interface VmcoreFacts {
  readonly release: string | null;
  readonly crashSeconds: number | null;
}
export function readVmcoreFacts(port: Port, path: string): VmcoreFacts {
  port.open(path).close();
  throw new Error('not yet');
}
export function* vmcoreLog(port: Port, path: string): Generator<Uint8Array> {
  port.open(path).close();
  throw new Error('not yet');
}
