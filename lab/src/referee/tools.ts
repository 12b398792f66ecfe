import { exec } from '../exec.ts';

/** What the referees need beyond what the lab does; GNU time measures them. */
const PACKAGES = ['crash', 'python3-drgn', 'time'] as const;

/** Installs the referees that are missing, and says so. */
export async function installReferees(say: (line: string) => void): Promise<void> {
  const missing: string[] = [];
  for (const name of PACKAGES) if ((await installedVersion(name)) === null) missing.push(name);
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
export async function toolName(name: string, packageName = name): Promise<string> {
  return `${name} ${(await installedVersion(packageName)) ?? 'of unknown version'}`;
}

async function installedVersion(packageName: string): Promise<string | null> {
  const format = `\${db:Status-Status} \${Version}`;
  const said = await exec('dpkg-query', ['-W', '-f', format, packageName], { allow: [0, 1] });
  return /^installed (\S+)/.exec(said.toString('utf8'))?.[1] ?? null;
}
