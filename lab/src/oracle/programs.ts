import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../scripts/cache.ts';
import { cachedFile } from '../cached.ts';
import { exec } from '../exec.ts';
import type { GuestFile } from '../image.ts';
import type { Kernel } from '../kernel.ts';
import { labModule } from '../module.ts';
import { guestFolder } from '../paths.ts';

const FLAGS = ['-static', '-s', '-O1', '-Wall', '-Wextra', '-Werror'];

/** Sources of each program of the guest's. */
const SOURCES = {
  tasks: ['tasks.c', 'ways_waiting.c', 'ways_tasks.c'],
  answer: ['answer.c'],
  canary: ['canary.c', 'canary_memory.c', 'canary_objects.c'],
} as const;
const HEADERS = ['tasks.h', 'canary.h'];

/** A program of the guest's, built by this machine's compiler and cached. */
export async function guestProgram(name: keyof typeof SOURCES): Promise<GuestFile> {
  const sources = SOURCES[name].map((file) => join(guestFolder, file));
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const path of [...sources, ...HEADERS.map((file) => join(guestFolder, file))])
    hash.update(readFileSync(path));
  const built = join(cacheFolder('lab', 'programs'), `${name}-${hash.digest('hex').slice(0, 32)}`);
  const path = await cachedFile(built, async (temporary) => {
    await exec('gcc', [...FLAGS, '-o', temporary, ...sources]);
  });
  return { content: readFileSync(path), mode: 0o755 };
}

/** Modules of the kernel's own package that the guest loads, each after those it needs. */
const STOCK_MODULES = [
  'net/llc/llc',
  'net/802/stp',
  'net/bridge/bridge',
  'drivers/net/dummy',
  'drivers/block/nbd',
];

/** Names of all modules that `loadModules` loads, in that order. */
export const MODULES = [...STOCK_MODULES.map((path) => path.replace(/.*\//, '')), 'lab_block'];

/** What `/lab` needs for an oracle scenario. */
export async function oracleFiles(kernel: Kernel): Promise<Record<string, GuestFile>> {
  const files: Record<string, GuestFile> = {
    'bin/tasks': await guestProgram('tasks'),
    'bin/answer': await guestProgram('answer'),
    'modules/lab_block.ko': { content: readFileSync(await labModule(kernel, 'lab_block')) },
  };
  for (const path of STOCK_MODULES) {
    const plain = join(kernel.modules, 'kernel', `${path}.ko`);
    // Packed since Debian 13.
    const found = [plain, `${plain}.xz`].find((each) => existsSync(each));
    if (found === undefined) throw new Error(`the kernel's package has no ${plain}, packed or not`);
    files[`modules/${path.replace(/.*\//, '')}.ko${found.slice(plain.length)}`] = {
      content: readFileSync(found),
    };
  }
  return files;
}
