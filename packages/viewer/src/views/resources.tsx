import type { TaskRow } from '../protocol.ts';
import type { WorkerClient } from '../worker_client.ts';

/** Replaced below. */
export function Resources(_: { row: TaskRow; worker: WorkerClient }) {
  return null;
}
