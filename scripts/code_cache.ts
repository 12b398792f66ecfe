// The workstation's program, compiled ahead: V8 keeps what it made of the code in a file beside it.
import { chmodSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * How much code a function runs before V8 optimizes it, four times the usual. A report is over before most of that pays:
 * measured, V8 spent a third of all CPU time on it, and with this a tenth. What runs for seconds is optimized all the
 * same, some milliseconds later.
 */
const OPTIMIZE_LATER = '--interrupt-budget=300000';

/**
 * Writes `program` (what people start), its code, and V8's cache of the code, made by the Node that builds. Another
 * Node, or one without the cache, compiles the code as it goes: measured on a report, that is a fifth of its time.
 * `code` is a CommonJS module in ASCII.
 */
export function writeProgram(folder: string, program: string, code: string): void {
  const codeFile = join(folder, `${basename(program, '.cjs')}.code.js`);
  const cacheFile = join(folder, `${basename(program, '.cjs')}.code.cache`);
  const wrapped = `(function (require, module) {${code}\n})`;
  writeFileSync(codeFile, wrapped);
  // All functions now, not each when it is called first; the cache must say it was made with V8's usual settings.
  setFlagsFromString('--no-lazy');
  const script = new Script(wrapped, { filename: codeFile });
  setFlagsFromString('--lazy');
  writeFileSync(cacheFile, script.createCachedData());
  writeFileSync(join(folder, program), launcher(basename(codeFile), basename(cacheFile)));
  chmodSync(join(folder, program), 0o755);
}

/**
 * Begins for a shell and goes on for Node, by a line that both read: kcrash never speaks TLS, and Node reads the
 * certificates of `NODE_EXTRA_CA_CERTS`, where the environment has that, before it runs anything. Measured with Debian's
 * 140 certificates: 0.07 s. `node FILE` works as well.
 */
function launcher(codeFile: string, cacheFile: string): string {
  return `#!/bin/sh
':' //; unset NODE_EXTRA_CA_CERTS; exec node "$0" "$@"
'use strict';
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');
const { setFlagsFromString } = require('node:v8');
const filename = join(__dirname, '${codeFile}');
let cachedData;
try {
  cachedData = readFileSync(join(__dirname, '${cacheFile}'));
} catch {}
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
// Only in the V8 that it was tried with, and after the cache was taken: that must find V8's usual settings.
if (process.versions.v8 === '${process.versions.v8}') setFlagsFromString('${OPTIMIZE_LATER}');
script.runInThisContext()(require, module);
`;
}
