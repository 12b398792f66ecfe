import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeProgram } from './code_cache.ts';

const NO_CERTIFICATES = join(tmpdir(), 'kcrash-no-certificates');
const CODE = 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 3;';

let folder: string;
let program: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kcrash launcher-'));
  program = join(folder, 'program.cjs');
  writeProgram(folder, 'program.cjs', CODE);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program with the Node of this test, in an environment whose certificates Node would complain of. */
function run(command: string, ...args: string[]) {
  const PATH = `${join(folder, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
  return spawnSync(command, args, { encoding: 'utf8', env: { PATH, NODE_EXTRA_CA_CERTS: NO_CERTIFICATES } });
}

describe('the program for a workstation', () => {
  it('passes its words and its status on', () => {
    const { stdout, status } = run(program, 'a b', '$HOME', "c'd", '');
    expect(JSON.parse(stdout)).toEqual(['a b', '$HOME', "c'd", '']);
    expect(status).toBe(3);
  });

  it('is found by a link in the path', () => {
    mkdirSync(join(folder, 'bin'));
    symlinkSync(program, join(folder, 'bin', 'kcrash'));
    const { stdout, status } = run('kcrash', 'report');
    expect([stdout, status]).toEqual(['["report"]\n', 3]);
  });

  it('has no certificates read that it never needs', () => {
    expect(run(program).stderr).toBe('');
    // What Node says of a list that is not there, where it reads it: the test above means nothing without.
    expect(run(process.execPath, program).stderr).toContain(NO_CERTIFICATES);
  });
});
