import { closeSync, openSync, readdirSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debPackage, unpackDeb } from '../../scripts/debian.ts';

/** What the build tools of a kernel package are linked with. */
const LIBRARIES = ['libc6', 'libelf1t64', 'libzstd1', 'zlib1g'];
const LOADER = 'usr/lib64/ld-linux-x86-64.so.2';
const LIBRARY_FOLDER = 'usr/lib/x86_64-linux-gnu';

/**
 * Makes programs of a later Debian release, unpacked in `folder`, run on this machine: with that release's own C
 * library, which is unpacked below `root`.
 */
export function runWithOwnLibraries(folder: string, root: string, suite: string): void {
  for (const name of LIBRARIES) unpackDeb(debPackage(name, { suite }), root);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !isElf(path)) continue;
    renameSync(path, `${path}.elf`);
    // One of them starts another whose name begins with its own.
    const loader = `${join(root, LOADER)} --argv0 ${path} --library-path ${join(root, LIBRARY_FOLDER)}`;
    writeFileSync(path, `#!/bin/sh\nexec ${loader} ${path}.elf "$@"\n`, { mode: 0o755 });
  }
}

function isElf(path: string): boolean {
  const magic = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, magic, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  return magic.toString('latin1') === '\x7fELF';
}
