import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../scripts/cache.ts';
import { debPackage, unpackDeb } from '../../scripts/debian.ts';
import { cachedFile } from './cached.ts';
import { exec } from './exec.ts';
import { runWithOwnLibraries } from './foreign_tools.ts';
import { inScratch } from './image.ts';
import { dependency, type Kernel } from './kernel.ts';
import { moduleFolder } from './paths.ts';

/**
 * A kernel of a later Debian release was built by a later compiler than this machine's; of its options a module
 * can do without those that this machine's does not know.
 */
const COMPILER = `#!/bin/sh
for word; do
  shift
  case $word in
  -fmin-function-alignment=* | -fstrict-flex-arrays=*)
    gcc -Werror "$word" -fsyntax-only -x c /dev/null 2>/dev/null || continue
    ;;
  esac
  set -- "$@" "$word"
done
exec gcc "$@"
`;

/** A kernel module of the lab's own, built for a stock kernel with Debian's headers and cached. */
export async function labModule(
  kernel: Kernel,
  module: 'lab_crash' | 'lab_block' = 'lab_crash',
): Promise<string> {
  const sources = ['Kbuild', `${module}.c`].map((name) => join(moduleFolder, name));
  const hash = createHash('sha256').update(`${kernel.release} ${kernel.version} ${module} ${COMPILER}`);
  for (const path of sources) hash.update(readFileSync(path));
  const built = join(cacheFolder('lab', 'module'), `${hash.digest('hex').slice(0, 32)}.ko`);
  return cachedFile(built, (temporary) =>
    inScratch(async (scratch) => {
      const headers = unpackHeaders(kernel, join(scratch, 'headers'));
      const build = join(scratch, 'build');
      mkdirSync(build);
      for (const path of sources) copyFileSync(path, path.replace(moduleFolder, build));
      const compiler = join(scratch, 'compiler');
      writeFileSync(compiler, COMPILER, { mode: 0o755 });
      // No BTF of its own, for which pahole would have to be installed.
      const variables = [`MODULE=${module}`, `CC=${compiler}`, 'CONFIG_DEBUG_INFO_BTF_MODULES='];
      await exec('make', ['-C', headers, `M=${build}`, ...variables, 'modules']);
      copyFileSync(join(build, `${module}.ko`), temporary);
    }),
  );
}

/** Unpacks what a module's build needs below `root`, and returns the folder to build against. */
function unpackHeaders(kernel: Kernel, root: string): string {
  const headers = `linux-headers-${kernel.release}`;
  const common = dependency(headers, /^linux-headers-\S+-common$/, kernel.suite);
  const kbuild = dependency(headers, /^linux-kbuild-/, kernel.suite);
  for (const name of [headers, common, kbuild]) {
    unpackDeb(debPackage(name, kernel.suite === undefined ? {} : { suite: kernel.suite }), root);
  }
  if (kernel.suite !== undefined) runWithOwnLibraries(join(root, 'usr', 'lib', kbuild), root, kernel.suite);
  const folder = join(root, 'usr', 'src', headers);
  // The package's Makefile includes the common one by the path it has when it is installed.
  writeFileSync(join(folder, 'Makefile'), `include ${join(root, 'usr', 'src', common, 'Makefile')}\n`);
  return folder;
}
