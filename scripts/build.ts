// `npm run build`: dist/device/kcrash, the static program for the device, dist/cli/kcrash.cjs, the program for a
// workstation with Node, and dist/viewer, the page that `kcrash view` serves.
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { writeProgram } from './code_cache.ts';
import { compiledDeflate, compiledLoops } from './compiled.ts';
import { deviceBinary } from './device_binary.ts';
import { run } from './tools.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const OUTPUT = 'dist/device/kcrash';
const LIMIT_BYTES = 3_000_000;

/** `0.1.0+gfc671d8`: the package's version and, in a git checkout, the commit. */
function version(): string {
  const text = readFileSync(join(ROOT, 'packages/agent/package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  if (!existsSync(join(ROOT, '.git'))) return version;
  try {
    return `${version}+g${run('git', ['-C', ROOT, 'rev-parse', '--short', 'HEAD']).trim()}`;
  } catch {
    return version;
  }
}

/** commander starts programs for subcommands, of which kcrash has none; loading what that needs takes 8 ms. */
const withoutChildProcess: Plugin = {
  name: 'without-child-process',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer, path }) =>
      importer.includes('/node_modules/commander/') ? { path, namespace: 'nothing' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: '' }));
  },
};

const output = join(ROOT, OUTPUT);
const name = version();
deviceBinary('packages/agent/src/device/main.ts', output, name);
const { size } = statSync(output);
console.log(`${OUTPUT}: ${size} bytes, version ${name}`);
if (size > LIMIT_BYTES) {
  console.error(`${OUTPUT} has ${size} bytes; at most ${LIMIT_BYTES} are allowed`);
  process.exitCode = 1;
}

// A CommonJS file starts 25 ms sooner than an ES module, which loads all of Node's modules that any command needs.
const workstation = 'dist/cli/kcrash.cjs';
const { outputFiles } = await build({
  absWorkingDir: ROOT,
  entryPoints: ['packages/cli/src/main.ts'],
  write: false,
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  charset: 'ascii',
  define: {
    KCRASH_VERSION: JSON.stringify(name),
    KCRASH_COMPILED: JSON.stringify(Buffer.from(compiledLoops()).toString('base64')),
    KCRASH_COMPILED_DEFLATE: JSON.stringify(Buffer.from(compiledDeflate()).toString('base64')),
  },
  plugins: [withoutChildProcess],
});
const code = (outputFiles[0]?.text ?? '').replace(/^#!.*\n/, '');
mkdirSync(join(ROOT, dirname(workstation)), { recursive: true });
writeProgram(join(ROOT, dirname(workstation)), basename(workstation), code);
console.log(`${workstation}: version ${name}`);

run('npm', ['run', '--silent', 'build', '--workspace', 'packages/viewer']);
console.log('dist/viewer: the page');
