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
  /** Of crash alone; null where it was not started. */
  readonly usage: Usage | null;
}

const LIMIT_SECONDS = 900;

/** The kcrash of this checkout, run as the lab itself is run. */
const KCRASH = [...process.execArgv, join(repository, 'packages', 'cli', 'src', 'main.ts')];

/**
 * Opens a dump in a crash program through `kcrash crash DUMP --debug PLACE -- OPTIONS`. `folder` is emptied. Where crash
 * ends without a word it is asked again, to be talkative.
 */
export async function crashSession(
  program: string,
  dump: string,
  place: string,
  folder: string,
  options: readonly string[] = [],
): Promise<CrashSession> {
  const session = await openOnce(program, dump, place, folder, options);
  if (session.status === 0 || session.said.trim() !== '') return session;
  const { said } = await openOnce(program, dump, place, folder, [...options, '-d1']);
  return { ...session, said };
}

async function openOnce(
  program: string,
  dump: string,
  place: string,
  folder: string,
  options: readonly string[],
): Promise<CrashSession> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  const commands = [`sys > ${at('sys')}`, `bt -sx > ${at('bt')}`, `log > ${at('log')}`, 'quit'];
  writeFileSync(at('commands'), `${commands.join('\n')}\n`);
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
