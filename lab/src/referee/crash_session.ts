import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../paths.ts';
import { parseUsage, runToEnd, timeArguments, type Usage } from './measure.ts';

/** What `kcrash crash` with `sys`, `bt` and `log` left. */
export interface CrashSession {
  /** Exit status of kcrash, which is crash's own. */
  readonly status: number | null;
  /** All that kcrash and crash printed. */
  readonly said: string;
  /** What each command wrote; null where it did not come so far. */
  readonly sys: string | null;
  readonly bt: string | null;
  readonly log: string | null;
  /** The same of further commands, by their names. */
  readonly further: Readonly<Record<string, string | null>>;
  /** Of crash alone; null where it was not started. */
  readonly usage: Usage | null;
}

const LIMIT_SECONDS = 900;

/** The kcrash of this checkout, run as the lab itself is run. */
const KCRASH = [...process.execArgv, join(repository, 'packages', 'cli', 'src', 'main.ts')];

/** Commands for crash by the names of files that take their output; that of all commands of a name in one. */
export type CrashCommands = Readonly<Record<string, readonly string[]>>;

export interface CrashRequest {
  readonly program: string;
  readonly dump: string;
  /** Where the debug info is, as `kcrash crash --debug` takes it. */
  readonly place: string;
  /** Emptied, and then crash's current and home folder. */
  readonly folder: string;
  /** Options for crash itself. */
  readonly options?: readonly string[];
  readonly further?: CrashCommands;
}

/**
 * Opens a dump in a crash program through `kcrash crash DUMP --debug PLACE -- OPTIONS`. Where crash ends without a
 * word it is asked again, to be talkative.
 */
export async function crashSession(request: CrashRequest): Promise<CrashSession> {
  const session = await openOnce(request);
  if (session.status === 0 || session.said.trim() !== '') return session;
  const { said } = await openOnce({ ...request, options: [...(request.options ?? []), '-d1'] });
  return { ...session, said };
}

async function openOnce(request: CrashRequest): Promise<CrashSession> {
  const { program, dump, place, folder, options = [], further = {} } = request;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  const commands: CrashCommands = { sys: ['sys'], bt: ['bt -sx'], log: ['log'], ...further };
  const lines = Object.entries(commands).flatMap(([name, all]) =>
    all.map((each) => `${each} >> ${at(name)}`),
  );
  writeFileSync(at('commands'), `${[...lines, 'quit'].join('\n')}\n`);
  const time = ['/usr/bin/time', ...timeArguments(at('usage')), program].map((word) => `'${word}'`);
  writeFileSync(at('measured-crash'), `#!/bin/sh\nexec ${time.join(' ')} "$@"\n`);
  chmodSync(at('measured-crash'), 0o755);
  const crash = ['--crash', at('measured-crash'), '--', '-s', ...options, '-i', at('commands')];
  const ended = await runToEnd(process.execPath, [...KCRASH, 'crash', dump, '--debug', place, ...crash], {
    // crash obeys a .crashrc there and in the home folder.
    cwd: folder,
    env: { HOME: folder },
    limitSeconds: LIMIT_SECONDS,
  });
  const read = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'latin1') : null);
  const usage = read('usage');
  return {
    status: ended.status,
    said: ended.output + ended.errors,
    sys: read('sys'),
    bt: read('bt'),
    log: read('log'),
    further: Object.fromEntries(Object.keys(further).map((name) => [name, read(name)])),
    usage: usage === null || usage === '' ? null : parseUsage(usage),
  };
}

/** The end of what a tool said, on one line. */
export function lastWords(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(-4)
    .join(' / ')
    .slice(-600);
}
