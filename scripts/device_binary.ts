// From TypeScript to one static program: esbuild bundles, QuickJS's qjsc compiles to bytecode in a C array,
// gcc links it with the engine and the C module.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { withLock } from './cache.ts';
import { type QuickJs, quickJs } from './quickjs.ts';
import { run } from './tools.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const C_MODULE = join(ROOT, 'packages/agent/native/kcrash_sys.c');

/**
 * Builds a program that runs `entry` (a module) on QuickJS, unless `output` is already made of the same
 * things. Safe in several processes at once. `version` becomes `KCRASH_VERSION` in the code.
 */
export function deviceBinary(entry: string, output: string, version: string): void {
  const bundle = bundled(entry, version);
  const engine = quickJs();
  const key = keyOf(bundle, engine);
  withLock('device-binary', () => {
    const keyFile = `${output}.key`;
    if (existsSync(output) && existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) return;
    mkdirSync(dirname(output), { recursive: true });
    const work = mkdtempSync(join(dirname(output), 'building-'));
    try {
      link(bundle, engine, work);
      rmSync(keyFile, { force: true });
      renameSync(join(work, 'program'), output);
      writeFileSync(join(work, 'key'), key);
      renameSync(join(work, 'key'), keyFile);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

function bundled(entry: string, version: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    // Names with a scheme in the code, so that `os` isn't taken for Node's.
    alias: { 'quickjs:std': 'std', 'quickjs:os': 'os', 'quickjs:kcrash_sys': 'kcrash_sys' },
    external: ['std', 'os', 'kcrash_sys'],
    define: { KCRASH_VERSION: JSON.stringify(version) },
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  const bundle = outputFiles[0];
  if (bundle === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return bundle.text;
}

/** The recipe is among the ingredients, so that a change to this file builds anew. */
function keyOf(bundle: string, engine: QuickJs): string {
  const hash = createHash('sha256');
  const recipe = readFileSync(fileURLToPath(import.meta.url));
  for (const part of [engine.key, recipe, readFileSync(C_MODULE), bundle]) hash.update(part).update('\0');
  return hash.digest('hex');
}

function link(bundle: string, engine: QuickJs, work: string): void {
  const at = { cwd: work };
  writeFileSync(join(work, 'kcrash.js'), bundle);
  // Line numbers and function names stay in the bytecode: an internal error must say where it was.
  const features = ['-fno-module-loader', '-fno-eval'];
  run(
    engine.qjsc,
    ['-e', '-m', ...features, '-M', 'kcrash_sys,kcrash_sys', '-o', 'kcrash.c', 'kcrash.js'],
    at,
  );
  const include = ['-isystem', engine.includeFolder];
  const code = ['-O2', '-fno-pie', '-ffunction-sections', '-fdata-sections', '-D_GNU_SOURCE', ...include];
  run('gcc', [...code, '-Wall', '-Wextra', '-Werror', '-c', C_MODULE, '-o', 'kcrash_sys.o'], at);
  run('gcc', [...code, '-c', 'kcrash.c', '-o', 'kcrash.o'], at);
  const objects = ['kcrash.o', 'kcrash_sys.o', ...engine.objects];
  const shape = ['-static', '-no-pie', '-Wl,--gc-sections', '-s'];
  run('gcc', [...shape, ...objects, '-lm', '-lpthread', '-o', 'program'], at);
}
