import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import repl, { type REPLServer } from 'node:repl';
import { inspect } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { QuestionError } from '@kcrash/report/explore/question_error';
import { allSymbols, orNotDescribed } from '@kcrash/report/explore/symbol_table';
import { hexAddress } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';
import { Failure } from './failure.ts';
import type { Io } from './output.ts';
import { PlainText, promptScope } from './prompt_scope.ts';

/** Evaluates code in the prompt's scope and prints what it gives. Throws `Failure`, `QuestionError`, `DumpError`. */
export function evaluateOnce(dump: Dump, code: string, json: boolean, { out }: Io): void {
  let result: unknown;
  try {
    result = runInContext(code, createContext({ ...promptScope(dump), Buffer, console }), {
      filename: 'code',
    });
  } catch (error) {
    if (error instanceof Failure || error instanceof QuestionError || error instanceof DumpError) throw error;
    throw new Failure(
      String(error),
      'The code is JavaScript; kcrash repl DUMP -e "help()" lists what is in scope.',
    );
  }
  if (json)
    out.line(
      JSON.stringify(result, (_key, item: unknown) => (typeof item === 'bigint' ? hexValue(item) : item)) ??
        'null',
    );
  else out.line(shown(result, out.colour));
}

/** Big integers are addresses, most often. */
function shown(value: unknown, colour: boolean): string {
  if (value instanceof PlainText) return value.text;
  return typeof value === 'bigint' ? hexValue(value) : inspect(value, { depth: 3, colors: colour });
}

function hexValue(value: bigint): string {
  return value < 0n ? value.toString() : hexAddress(value);
}

/** Opens the prompt; resolves when it is left. */
export async function startPrompt(dump: Dump, file: string, { out, err }: Io): Promise<void> {
  if (out.isTerminal) {
    out.line(
      `${file}: ${dump.vmcoreinfo.osRelease}. help() lists what is in scope, Tab completes, Ctrl-D leaves.`,
    );
    out.flush();
  }
  const interactive = process.stdin.isTTY === true && out.isTerminal;
  const server = repl.start({
    prompt: interactive ? 'kcrash> ' : '',
    terminal: interactive,
    useColors: out.colour,
    writer: (value) => shown(value, out.colour),
  });
  Object.assign(server.context, promptScope(dump), { DumpError, Failure, QuestionError });
  completeNames(server, dump);
  if (interactive) keepHistory(server, err);
  await new Promise<void>((resolve) => server.on('exit', resolve));
}

type Completer = (line: string, callback: (error: Error | null, result?: [string[], string]) => void) => void;

/** Inside quotes, names of symbols and types are completed; elsewhere JavaScript as Node does it. */
function completeNames(server: REPLServer, dump: Dump): void {
  const javascript = server.completer as Completer;
  let names: readonly string[] | undefined;
  const completer: Completer = (line, callback) => {
    const started = /(["'`])((?:module:|\*|&)?([A-Za-z_][\w.]*))$/.exec(line)?.[3];
    if (started === undefined) {
      javascript.call(server, line, callback);
      return;
    }
    names ??= namesOf(dump);
    callback(null, [names.filter((name) => name.startsWith(started)).slice(0, MOST_NAMES), started]);
  };
  Object.defineProperty(server, 'completer', { value: completer, writable: true });
}

/** More are of no help to anybody. */
const MOST_NAMES = 200;

function namesOf(dump: Dump): string[] {
  const names = new Set<string>();
  for (const symbol of orNotDescribed(() => [...allSymbols(dump)]) ?? []) names.add(symbol.name);
  for (const kind of ['struct', 'union', 'enum', 'typedef'] as const) {
    for (const id of orNotDescribed(() => [...dump.types.btf.ofKind(kind)]) ?? []) {
      const type = dump.types.btf.type(id);
      if ('name' in type && type.name !== '') names.add(type.name);
    }
  }
  return [...names].sort();
}

/** In `$XDG_STATE_HOME/kcrash`; a prompt without a history is better than none. */
function keepHistory(server: REPLServer, err: Io['err']): void {
  const folder = join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'kcrash');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    err.line(`kcrash: no history is kept: ${(error as Error).message}`);
    err.flush();
    return;
  }
  server.setupHistory(join(folder, 'repl_history'), () => {});
}
