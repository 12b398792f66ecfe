// QuickJS, the engine of the device binary, built from Debian's source package. None of Debian's patches is
// applied: they are about how Debian packages it. Nor is its makefile used: six files and a compiler do.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, withLock } from './cache.ts';
import { sourcePackage } from './debian.ts';
import { run } from './tools.ts';

const SUITE = 'trixie';
const ORIG = {
  file: 'quickjs_2025.04.26.orig.tar.xz',
  sha256: 'ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe',
};

const SOURCES = ['quickjs', 'dtoa', 'libregexp', 'libunicode', 'cutils', 'quickjs-libc'];
const HEADERS = ['quickjs.h', 'quickjs-libc.h'];

/** -O2: the engine is 1.9 times faster than with -Os and 0.2 MB larger. -fwrapv is QuickJS's own demand. */
const FLAGS = [
  ...['-O2', '-fwrapv', '-w', '-D_GNU_SOURCE', '-DCONFIG_VERSION="2025-04-26"'],
  ...['-fno-pie', '-fno-asynchronous-unwind-tables', '-ffunction-sections', '-fdata-sections'],
];

export interface QuickJs {
  /** Tells this build from others: source, compiler and flags. */
  readonly key: string;
  /** The compiler from JavaScript to C. */
  readonly qjsc: string;
  /** What a program made by `qjsc` links with. */
  readonly objects: readonly string[];
  readonly includeFolder: string;
}

/** Finds QuickJS in the cache or builds it there, which takes half a minute once per compiler. */
export function quickJs(): QuickJs {
  const compiler = run('gcc', ['--version']).split('\n')[0];
  const hash = createHash('sha256').update(JSON.stringify([ORIG, SOURCES, HEADERS, FLAGS, compiler]));
  const key = hash.digest('hex').slice(0, 16);
  const folder = join(cacheFolder('quickjs'), key);
  if (!existsSync(folder)) {
    withLock('quickjs', () => {
      if (!existsSync(folder)) build(folder);
    });
  }
  return {
    key,
    qjsc: join(folder, 'qjsc'),
    objects: SOURCES.map((name) => join(folder, `${name}.o`)),
    includeFolder: folder,
  };
}

function build(folder: string): void {
  console.error('building QuickJS, half a minute, once');
  const work = mkdtempSync(join(cacheFolder('quickjs'), 'building-'));
  try {
    const source = join(work, 'source');
    mkdirSync(source);
    const tarball = sourcePackage('quickjs', SUITE, ORIG);
    run('tar', ['--extract', '--file', tarball, '--directory', source, '--strip-components=1']);
    const jobs = [`-P${cpus().length}`, '-I{}'];
    run('xargs', [...jobs, 'gcc', ...FLAGS, '-c', '{}.c', '-o', '{}.o'], {
      cwd: source,
      input: SOURCES.join('\n'),
    });
    const unused = ['-DCONFIG_CC="gcc"', '-DCONFIG_PREFIX="/"'];
    const objects = SOURCES.map((name) => `${name}.o`);
    run(
      'gcc',
      [...FLAGS, ...unused, '-no-pie', 'qjsc.c', ...objects, '-lm', '-ldl', '-lpthread', '-o', 'qjsc'],
      { cwd: source },
    );
    const result = join(work, 'result');
    mkdirSync(result);
    for (const name of ['qjsc', ...objects, ...HEADERS]) copyFileSync(join(source, name), join(result, name));
    renameSync(result, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
