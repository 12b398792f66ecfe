// Debian packages for the build and the lab, by the machine's own apt: it knows the mirror, checks signatures
// and checksums, and honours the machine's proxy. Works on Debian 12 and 13, whatever form its sources have.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, fileHash, hasHash, withLock } from './cache.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface FromSuite {
  /** A release's codename, such as `trixie`. Without it: this machine's own release, by its own lists. */
  readonly suite?: string;
}

/**
 * Downloads the newest version of a binary package that the suite offers, or finds it in the cache.
 * Returns the path of the `.deb`; its checksum is the one in the signed lists.
 */
export function debPackage(name: string, from: FromSuite = {}): string {
  return locked(from, (options) => download(options, ['download'], name, /\.deb$/));
}

/**
 * Downloads the upstream tarball of a source package, or finds it in the cache. The suite's signed lists and
 * the given checksum must both agree with it; without the lists the cached file's checksum is enough.
 */
export function sourcePackage(
  name: string,
  suite: string,
  orig: { readonly file: string; readonly sha256: string },
): string {
  const cached = join(packageFolder(), orig.file);
  if (hasHash(cached, 'sha256', orig.sha256)) return cached;
  const path = locked({ suite }, (options) =>
    download(options, ['source', '--tar-only', '--download-only'], name, /\.orig\.tar\.\w+$/),
  );
  if (path !== cached || !hasHash(path, 'sha256', orig.sha256)) {
    throw new Error(`${suite} offers ${path} for ${name}; wanted ${orig.file} with SHA-256 ${orig.sha256}`);
  }
  return path;
}

/** A one-line field, such as `Version` or `Depends`, of the package that `debPackage` would give. */
export function packageField(name: string, field: string, from: FromSuite = {}): string | undefined {
  return locked(from, (options) => {
    const text = apt('apt-cache', [...options, 'show', '--no-all-versions', name]);
    const prefix = `${field}: `;
    return text
      .split('\n')
      .find((line) => line.startsWith(prefix))
      ?.slice(prefix.length);
  });
}

/** Unpacks the files of a package below `folder`; runs none of its scripts. */
export function unpackDeb(path: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  apt('dpkg-deb', ['--extract', path, folder]);
}

/** The codename of the release that runs here, such as `bookworm`. */
function ownRelease(): string {
  const codename = /^VERSION_CODENAME=(\S+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (codename === undefined) throw new Error('/etc/os-release has no VERSION_CODENAME: is this Debian?');
  return codename;
}

function packageFolder(): string {
  return cacheFolder('debian');
}

/** Runs `work` with apt's options for the suite, under the lock, with lists that are not empty. */
function locked<T>(from: FromSuite, work: (options: string[]) => T): T {
  return withLock('debian', () => work(from.suite === undefined ? ownLists() : suiteLists(from.suite)));
}

function ownLists(): string[] {
  const options = flags({ 'APT::Sandbox::User': 'root', ...indexCache(ownRelease()) });
  if (apt('apt-get', [...options, 'indextargets']) === '') apt('apt-get', [...options, 'update']);
  return options;
}

/** Lists of another release, apart from the machine's own, which they never touch. */
function suiteLists(suite: string): string[] {
  const folder = cacheFolder('debian', 'suite', suite);
  const at = (name: string) => join(folder, name);
  mkdirSync(at('lists/partial'), { recursive: true });
  writeFileSync(at('status'), '');
  const options = flags({
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Dir::Etc::sourcelist': at('sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State::status': at('status'),
    'Dir::State::Lists': at('lists'),
    ...indexCache(`${suite}-apart`),
  });
  if (!existsSync(at('sources.list')) || apt('apt-get', [...options, 'indextargets']) === '') {
    const origin = `[signed-by=${KEYRING}] ${mirror()} ${suite} main`;
    writeFileSync(at('sources.list'), `deb ${origin}\ndeb-src ${origin}\n`);
    apt('apt-get', [...options, 'update']);
  }
  return options;
}

/** Settings that keep apt's parsed lists, which container images switch off: they save a second a call. */
function indexCache(name: string): Record<string, string> {
  const folder = cacheFolder('debian', 'index', name);
  mkdirSync(join(folder, 'archives/partial'), { recursive: true });
  return {
    'Dir::Cache': folder,
    'Dir::Cache::pkgcache': 'pkgcache.bin',
    'Dir::Cache::srcpkgcache': 'srcpkgcache.bin',
  };
}

function flags(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** The archive that this machine takes its own release from. */
function mirror(): string {
  const format = '$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)';
  const targets = apt('apt-get', [...ownLists(), 'indextargets', '--format', format]).split('\n');
  const wanted = `Debian main ${ownRelease()} `;
  const target = targets.find((line) => line.startsWith(wanted));
  if (target === undefined) throw new Error(`no apt source of this machine has "${wanted.trim()}"`);
  return target.slice(wanted.length);
}

interface Offered {
  readonly file: string;
  readonly algorithm: 'sha256' | 'sha512';
  readonly hash: string;
}

/** Fetches what `apt-get COMMAND NAME` would into the cache, unless it is there whole; returns its path. */
function download(options: string[], command: string[], name: string, wanted: RegExp): string {
  let offered = offer(options, command, name, wanted);
  let path = join(packageFolder(), offered.file);
  if (hasHash(path, offered.algorithm, offered.hash)) return path;
  const partial = join(packageFolder(), 'partial');
  const fetch = () => {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial);
    apt('apt-get', [...options, '--quiet', ...command, name], partial);
  };
  try {
    fetch();
  } catch {
    // The archive forgets a version soon after a newer one is out, so lists of last month lead nowhere.
    apt('apt-get', [...options, 'update']);
    offered = offer(options, command, name, wanted);
    path = join(packageFolder(), offered.file);
    fetch();
  }
  const fetched = readdirSync(partial).find((file) => file === offered.file);
  if (fetched === undefined) throw new Error(`apt-get ${command[0]} ${name} left no ${offered.file}`);
  const found = fileHash(join(partial, fetched), offered.algorithm);
  if (found !== offered.hash) {
    throw new Error(`${fetched} has ${offered.algorithm} ${found}; the package lists say ${offered.hash}`);
  }
  renameSync(join(partial, fetched), path);
  return path;
}

function offer(options: string[], command: string[], name: string, wanted: RegExp): Offered {
  const text = apt('apt-get', [...options, ...command, '--print-uris', name]);
  for (const [, file, algorithm, hash] of text.matchAll(/^'\S+' (\S+) \d+ (SHA256|SHA512):([0-9a-f]+)/gm)) {
    if (file === undefined || hash === undefined || !wanted.test(file)) continue;
    return { file, algorithm: algorithm === 'SHA256' ? 'sha256' : 'sha512', hash };
  }
  throw new Error(`apt-get ${command[0]} ${name} names no file with a checksum:\n${text}`);
}

/** Standard output of a packaging tool; throws with its own words when it fails. */
function apt(program: string, args: string[], cwd = '/'): string {
  const done = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (done.status === 0) return done.stdout;
  const shown = [program, ...args.filter((arg, i) => arg !== '-o' && args[i - 1] !== '-o')].join(' ');
  const why = done.error?.message ?? `exit ${done.status ?? done.signal}`;
  throw new Error(`${shown}: ${why}\n${done.stderr ?? ''}`.trim());
}
