import { useEffect, useState } from 'preact/hooks';
import { Refused } from '../channel.ts';
import type { Methods } from '../protocol.ts';
import type { WorkerClient } from '../worker_client.ts';
import { inWords } from './advice.ts';

/** An answer of the worker's, as it comes. */
export type Asked<T> =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'refused'; readonly message: string };

/** Asks the worker whenever the question changes; nothing is asked while `given` is undefined. */
export function useAsked<K extends keyof Methods>(
  worker: WorkerClient,
  method: K,
  given: Parameters<Methods[K]> | undefined,
): Asked<ReturnType<Methods[K]>> {
  type Answer = ReturnType<Methods[K]>;
  const key = given === undefined ? '' : JSON.stringify(given);
  const [asked, setAsked] = useState<{ key: string; asked: Asked<Answer> }>();
  useEffect(() => {
    if (given === undefined) return undefined;
    let wanted = true;
    worker.ask(method, ...given).then(
      (value) => wanted && setAsked({ key, asked: { kind: 'answer', value } }),
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        if (wanted) setAsked({ key, asked: { kind: 'refused', message: inWords(error.refusal) } });
      },
    );
    return () => {
      wanted = false;
    };
  }, [worker, method, key]);
  return asked !== undefined && asked.key === key ? asked.asked : { kind: 'waiting' };
}
