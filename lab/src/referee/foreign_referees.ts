import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../scripts/cache.ts';
import { debPackage, unpackDeb } from '../../../scripts/debian.ts';

/** What crash and drgn of a release need, its own C library and Python among them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  trixie: [
    'crash',
    'python3-drgn',
    'libbz2-1.0',
    'libc6',
    'libdw1t64',
    'libelf1t64',
    'libexpat1',
    'libffi8',
    'libgcc-s1',
    'libgomp1',
    'libkdumpfile10',
    'liblzma5',
    'liblzo2-2',
    'libncursesw6',
    'libpython3.13-minimal',
    'libpython3.13-stdlib',
    'libsnappy1v5',
    'libstdc++6',
    'libtinfo6',
    'libzstd1',
    'python3.13-minimal',
    'zlib1g',
  ],
};

/**
 * crash and a Python with drgn of a later Debian release, unpacked into the cache and run with that release's own
 * C library: this machine stays as it is.
 */
export function foreignReferees(suite: string): { crashProgram: string; python: string } {
  const packages = PACKAGES[suite];
  if (packages === undefined) {
    throw new Error(`--tools ${suite}: known are ${Object.keys(PACKAGES).join(', ')}`);
  }
  const folder = join(cacheFolder('lab'), `referees-${suite}`);
  if (!existsSync(folder)) {
    const temporary = `${folder}.${process.pid}`;
    mkdirSync(temporary);
    for (const name of packages) unpackDeb(debPackage(name, { suite }), temporary);
    writeFileSync(join(temporary, 'crash'), starter(folder, 'crash'), { mode: 0o755 });
    writeFileSync(join(temporary, 'python'), starter(folder, 'python3.13'), { mode: 0o755 });
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  }
  return { crashProgram: join(folder, 'crash'), python: join(folder, 'python') };
}

function starter(root: string, program: string): string {
  return `#!/bin/sh
export PYTHONHOME='${root}/usr' PYTHONPATH='${root}/usr/lib/python3/dist-packages'
exec '${root}/usr/lib64/ld-linux-x86-64.so.2' --library-path '${root}/usr/lib/x86_64-linux-gnu' \\
  '${root}/usr/bin/${program}' "$@"
`;
}
