import { signal } from '@preact/signals';
import { Channel, type Progress } from './channel.ts';
import type { DumpFile, Methods } from './protocol.ts';

/** What needs to know of every page of memory what it is, which takes seconds. */
const OF_PAGES: readonly (keyof Methods)[] = ['pageClasses', 'pageMap'];

/** Started with the page, since starting a worker takes a tenth of a second. The first dump takes it. */
let spare: Channel | undefined = new Channel();

/** The workers of one dump: a second one sorts out the pages of memory, so that no other question waits for that. */
export class WorkerClient {
  /** Bytes that were read to sort out the pages, as it goes on. */
  readonly sorted = signal(0);
  readonly #main: Channel;
  readonly #files: readonly DumpFile[];
  readonly #once = new Set<keyof Methods>();
  #pages: { readonly channel: Channel; readonly attached: Promise<void> } | undefined;

  /** `progress` is told what the worker does while a dump is opened. */
  constructor(files: readonly DumpFile[], progress: Progress) {
    this.#files = files;
    this.#main = spare ?? new Channel();
    this.#main.progress = progress;
    spare = undefined;
  }

  /** Asks a worker. Rejects with `Refused`. */
  ask<K extends keyof Methods>(method: K, ...given: Parameters<Methods[K]>): Promise<ReturnType<Methods[K]>> {
    if (!OF_PAGES.includes(method)) return this.#main.ask(method, ...given);
    const { channel, attached } = this.#pagesWorker();
    return attached
      .then(() => channel.ask(method, ...given))
      .finally(() => performance.mark('kcrash-sorted'));
  }

  /** Asks what has one answer for the whole dump, unless it has been asked before. */
  once<K extends 'tasks' | 'log'>(method: K, take: (value: ReturnType<Methods[K]>) => void): void {
    if (this.#once.has(method)) return;
    this.#once.add(method);
    void (this.ask as (name: K) => Promise<ReturnType<Methods[K]>>).call(this, method).then(take);
  }

  /** Ends the workers; what was asked stays unanswered. */
  end(): void {
    this.#main.end();
    this.#pages?.channel.end();
  }

  /** It opens the dump without a report. */
  #pagesWorker() {
    if (this.#pages === undefined) {
      const channel = new Channel();
      channel.progress = (_stage, bytesRead) => {
        this.sorted.value = bytesRead;
      };
      this.#pages = { channel, attached: channel.ask('attach', this.#files) };
    }
    return this.#pages;
  }
}
