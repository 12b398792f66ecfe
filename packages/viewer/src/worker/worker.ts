import { QuestionError } from '@kcrash/report/explore/question_error';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';
import type { DumpFile, Message, Methods, Question, Refusal } from '../protocol.ts';
import type { BlockSource } from './block_source.ts';
import { sourceOf } from './files.ts';
import { findSymbols } from './find_symbols.ts';
import { memoryAt } from './memory_at.ts';
import { pageClasses, pageMap, slabs } from './page_map.ts';
import { readList, readValue } from './read_value.ts';
import { openedDump, Session } from './session.ts';
import { taskDetails } from './task_details.ts';
import { findTypes, layoutOf } from './type_layout.ts';
import { whatItIs } from './what_it_is.ts';

declare const self: DedicatedWorkerGlobalScope;

/** Progress is told at most so often. */
const STEP_MILLISECONDS = 50;

let dump: Dump | undefined;
let session: Session | undefined;
let sources: BlockSource[] = [];
let stage = '';
let bytesRead = 0;
let told = 0;

function say(message: Message): void {
  self.postMessage(message);
}

function progress(): void {
  told = performance.now();
  say({ kind: 'progress', stage, bytesRead });
}

function begin(name: string): void {
  stage = name;
  progress();
}

function attach(files: readonly DumpFile[]): Dump {
  sources = files.map((file) =>
    sourceOf(file, (bytes) => {
      bytesRead += bytes;
      if (performance.now() - told > STEP_MILLISECONDS) progress();
    }),
  );
  begin('Opening the dump');
  dump = openedDump(sources);
  return dump;
}

function opened<T>(what: T | undefined): T {
  if (what === undefined) throw new DumpError('not-a-dump', 'No dump is open');
  return what;
}

const methods: Methods = {
  open(files: readonly DumpFile[]) {
    const attached = attach(files);
    begin('Reading tasks, stacks and the log');
    session = new Session(attached);
    return session.overview(
      files.map((file, n) => ({
        name: file.kind === 'file' ? file.file.name : file.name,
        bytes: sources[n]?.size ?? 0,
      })),
    );
  },
  attach: (files) => void attach(files),
  tasks: () => opened(session).tasks(),
  log: () => opened(session).report.log,
  details: (task) => taskDetails(opened(dump), task),
  value: (expression) => readValue(opened(dump), expression),
  list: (head, type, member) => readList(opened(dump), head, type, member),
  types: (query) => findTypes(opened(dump), query),
  layout: (name) => layoutOf(opened(dump), name),
  memory: (address, length) => memoryAt(opened(dump), address, length),
  symbols: (query) => findSymbols(opened(dump), query),
  pageClasses: () => pageClasses(opened(dump)),
  pageMap: (from, to, cells) => pageMap(opened(dump), from, to, cells),
  slabs: () => slabs(opened(dump)),
  exported: (form) => opened(session).exported(form),
};

/** Why there is no answer; for what could not be opened, what the file is instead. */
function refusal(error: unknown, method: string): Refusal {
  if (error instanceof QuestionError) return { code: error.code, message: error.message };
  if (!(error instanceof DumpError)) {
    return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
  }
  const { code, message } = error;
  const [first] = sources;
  if ((method !== 'open' && method !== 'attach') || code === 'io' || first === undefined)
    return { code, message };
  const instead = whatItIs(first);
  return instead === undefined ? { code, message } : { code, message, instead };
}

self.onmessage = ({ data }: MessageEvent<Question>) => {
  const { id, method } = data;
  try {
    const call = methods[method] as (...given: readonly unknown[]) => unknown;
    say({ kind: 'answer', id, value: call(...data.arguments) });
  } catch (error) {
    say({ kind: 'refusal', id, refusal: refusal(error, method) });
  }
};
