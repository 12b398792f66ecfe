import { spawnSync } from 'node:child_process';
import { exec } from '../exec.ts';

/** What the referees need beyond what the lab does; GNU time measures them. */
const PACKAGES = ['crash', 'python3-drgn', 'time'] as const;

/** Installs the referees that are missing, and says so. */
export async function installReferees(say: (line: string) => void): Promise<void> {
  const missing = PACKAGES.filter((name) => installedVersion(name) === null);
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

/** A tool as tables show it: `crash 8.0.2-1`. */
export function toolName(name: string, packageName = name): string {
  return `${name} ${installedVersion(packageName) ?? 'of unknown version'}`;
}

function installedVersion(packageName: string): string | null {
  const format = `\${db:Status-Status} \${Version}`;
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', format, packageName], { encoding: 'utf8' });
  return /^installed (\S+)/.exec(stdout)?.[1] ?? null;
}
