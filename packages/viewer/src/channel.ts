import type { Message, Methods, Question, Refusal } from './protocol.ts';
import workerUrl from './worker/worker.ts?worker&url';

/** A question that the worker could not answer; the message is for people. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Refused) => void;
}

/** The page's policy lets no string become code; the worker's own file is the one exception. */
const { trustedTypes } = globalThis as {
  trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } };
};
const policy = trustedTypes?.createPolicy('kcrash', {
  createScriptURL: (url: string) => {
    if (url !== workerUrl) throw new TypeError('No other script is loaded');
    return url;
  },
});

/** What a worker is doing, and how much it has read. */
export type Progress = (stage: string, bytesRead: number) => void;

/** A worker, and the questions that it has not answered yet. */
export class Channel {
  /** Told of what the worker does between question and answer. */
  progress: Progress = () => {};
  readonly #worker = new Worker(policy?.createScriptURL(workerUrl) ?? workerUrl, { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  /** Why it does not answer any more. */
  #failure: Refusal | undefined;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.kind === 'progress') this.progress(data.stage, data.bytesRead);
      else if (data.kind === 'answer') this.#take(data.id)?.resolve(data.value as never);
      else this.#take(data.id)?.reject(new Refused(data.refusal));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const refusal = { code: 'internal', message: event.message || 'The worker could not be started' };
      this.#failure = refusal;
      for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(new Refused(refusal));
    };
  }

  /** Asks the worker. Rejects with `Refused`. */
  ask<K extends keyof Methods>(method: K, ...given: Parameters<Methods[K]>): Promise<ReturnType<Methods[K]>> {
    if (this.#failure !== undefined) return Promise.reject(new Refused(this.#failure));
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, arguments: given } satisfies Question);
    });
  }

  /** Ends the worker; what was asked stays unanswered. */
  end(): void {
    this.#worker.terminate();
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
