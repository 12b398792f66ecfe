import { exec } from '../exec.ts';
import { foreignReferees } from './foreign_referees.ts';

/** What the referees need beyond what the lab does; GNU time measures them. */
const PACKAGES = ['crash', 'python3-drgn', 'time'] as const;

/** Installs the referees that are missing, and says so. */
async function installReferees(say: (line: string) => void, packages: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const name of packages) if ((await installedVersion(name)) === null) missing.push(name);
  if (missing.length === 0) return;
  say(`installing ${missing.join(', ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => exec('apt-get', ['install', '-y', '--no-install-recommends', ...missing], { env });
  try {
    await install();
  } catch {
    // Package lists that are missing or too old lead nowhere.
    await exec('apt-get', ['update'], { env });
    await install();
  }
}

/** The tools that judge, and their names with versions, as tables show them. */
export interface Referees {
  /** `crash 8.0.2`, `drgn 0.0.22`. */
  readonly crash: string;
  readonly drgn: string;
  readonly kcrash: string;
  readonly crashProgram: string;
  /** A Python that has drgn. */
  readonly python: string;
}

/** The tools of this machine's own Debian release, or those of another, which are not installed. */
export async function findReferees(
  suite: string | undefined,
  say: (line: string) => void,
): Promise<Referees> {
  await installReferees(say, suite === undefined ? PACKAGES : ['time']);
  if (suite !== undefined) say(`crash and drgn of ${suite}`);
  // The distribution's Python has drgn; another one may come first in PATH.
  const own = { crashProgram: 'crash', python: '/usr/bin/python3' };
  const programs = suite === undefined ? own : foreignReferees(suite);
  const { crashProgram, python } = programs;
  const crash = (await exec(crashProgram, ['--version'])).toString('utf8').trim().split('\n')[0];
  const drgn = (await exec(python, ['-c', 'import drgn; print(drgn.__version__)'])).toString('utf8').trim();
  return { crash: crash ?? '', drgn: `drgn ${drgn}`, kcrash: 'kcrash crash', ...programs };
}

async function installedVersion(packageName: string): Promise<string | null> {
  const format = `\${db:Status-Status} \${Version}`;
  const said = await exec('dpkg-query', ['-W', '-f', format, packageName], { allow: [0, 1] });
  return /^installed (\S+)/.exec(said.toString('utf8'))?.[1] ?? null;
}
