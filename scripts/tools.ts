import { spawnSync } from 'node:child_process';

/** Which Debian package has a tool that the build needs. */
const PACKAGE_OF: Record<string, string> = {
  ar: 'binutils',
  gcc: 'gcc libc6-dev',
  nm: 'binutils',
  strip: 'binutils',
  tar: 'tar xz-utils',
  xargs: 'findutils',
};

/**
 * Runs a tool and returns its standard output. Throws with the tool's own words when it fails, and says which
 * package to install when it is missing.
 */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string } = {},
): string {
  const done = spawnSync(program, args, { ...options, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.status === 0) return done.stdout;
  if (done.error !== undefined) {
    const install = PACKAGE_OF[program];
    const advice = install === undefined ? '' : ` (apt-get install ${install})`;
    throw new Error(`cannot run ${program}: ${done.error.message}${advice}`);
  }
  throw new Error(
    `${program} failed (${done.signal ?? `exit ${done.status}`}):\n${done.stdout}${done.stderr}`,
  );
}
