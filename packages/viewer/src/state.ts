import type { ReportLogItem } from '@kcrash/report/report';
import { signal } from '@preact/signals';
import { Refused } from './channel.ts';
import type { DumpFile, Overview, Refusal, TaskTable } from './protocol.ts';
import { WorkerClient } from './worker_client.ts';

/** What the page shows: no dump yet, one being opened, one that is open, or why it could not be opened. */
export type State =
  | { readonly kind: 'empty' }
  | { readonly kind: 'opening'; readonly name: string; readonly stage: string; readonly bytesRead: number }
  | { readonly kind: 'open'; readonly overview: Overview; readonly worker: WorkerClient }
  | { readonly kind: 'failed'; readonly name: string; readonly refusal: Refusal };

export const state = signal<State>({ kind: 'empty' });
/** Tasks and log, once a view has asked for them. */
export const tasks = signal<TaskTable | undefined>(undefined);
export const log = signal<readonly ReportLogItem[] | undefined>(undefined);

let current: WorkerClient | undefined;

/** Opens a dump in place of the present one; the files are those of a split set, or one. */
export async function open(files: readonly DumpFile[]): Promise<void> {
  performance.mark('kcrash-given');
  current?.end();
  tasks.value = undefined;
  log.value = undefined;
  const name = files.map((file) => (file.kind === 'file' ? file.file.name : file.name)).join(', ');
  state.value = { kind: 'opening', name, stage: 'Starting', bytesRead: 0 };
  const worker = new WorkerClient(files, (stage, bytesRead) => {
    if (worker === current && state.value.kind === 'opening') {
      state.value = { kind: 'opening', name, stage, bytesRead };
    }
  });
  current = worker;
  try {
    const overview = await worker.ask('open', files);
    if (worker === current) state.value = { kind: 'open', overview, worker };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (worker === current) state.value = { kind: 'failed', name, refusal: error.refusal };
    worker.end();
  }
}

/** Fetches the tasks, once for each dump. */
export function needTasks(worker: WorkerClient): void {
  worker.once('tasks', (table) => {
    if (worker === current) tasks.value = table;
  });
}

/** Fetches the log, once for each dump. */
export function needLog(worker: WorkerClient): void {
  worker.once('log', (items) => {
    if (worker === current) log.value = items;
  });
}

/** The dump that `kcrash view` serves with the page, by the page's own word. */
export function servedFiles(): DumpFile[] {
  const content = document.querySelector<HTMLMetaElement>('meta[name="kcrash-dump"]')?.content;
  if (content === undefined) return [];
  const files = JSON.parse(content) as { name: string; bytes: number; path: string }[];
  return files.map(({ name, bytes, path }) => ({
    kind: 'served',
    name,
    bytes,
    url: new URL(path, document.baseURI).href,
  }));
}
