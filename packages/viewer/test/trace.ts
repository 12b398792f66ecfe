import type { Browser, Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds that the thread ran, whatever else ran on the machine. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** What the browser's own trace says of some work. */
export interface Traced<T> {
  readonly result: T;
  /** Milliseconds of CPU that the page's thread took, and those of workers. */
  readonly pageMilliseconds: number;
  readonly workerMilliseconds: number;
}

/** Does some work while the browser traces the page. */
export async function traced<T>(browser: Browser, page: Page, work: () => Promise<T>): Promise<Traced<T>> {
  await browser.startTracing(page, { categories: ['toplevel'] });
  const result = await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const names = new Map<string, string>();
  for (const { name, pid, tid, args } of traceEvents) {
    if (name === 'thread_name') names.set(`${pid}.${tid}`, args?.name ?? '');
  }
  const sum = (thread: RegExp) =>
    traceEvents
      .filter(
        ({ name, ph, pid, tid }) =>
          /RunTask$/.test(name) && ph === 'X' && thread.test(names.get(`${pid}.${tid}`) ?? ''),
      )
      .reduce((total, { tdur = 0 }) => total + tdur / 1000, 0);
  return { result, pageMilliseconds: sum(/^CrRendererMain/), workerMilliseconds: sum(/^DedicatedWorker/) };
}
