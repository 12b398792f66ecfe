import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Output } from '../src/output.ts';
import { run as runHere } from '../src/run.ts';
import { smallDump } from './small_dump.ts';

let folder: string;
let dump: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kcrash-audit-'));
  dump = join(folder, 'small.elf');
  writeFileSync(dump, smallDump([]).elf);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...words: string[]) {
  const files = ['out', 'err'].map((name) => join(folder, name));
  const [out = 1, err = 2] = files.map((file) => openSync(file, 'w'));
  const status = await runHere(words, { out: new Output(out), err: new Output(err), status: 0 });
  closeSync(out);
  closeSync(err);
  const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'));
  return { status, stdout, stderr };
}

// The small kernel has no memory map: what can be proved without classes is what the needles find.
it('finds a needle in a dump whose pages have no classes, and exits with 1', async () => {
  const { status, stdout, stderr } = await run('audit', dump, '--needle', 'kthreadd');
  expect(stdout).toContain('A needle in none: physical 0x');
  expect(stdout).toContain('The dump holds data of users.');
  expect(stderr).toContain('the pages have no classes');
  expect(status).toBe(1);
});

it('takes a needle from a file, without the newline at its end', async () => {
  const needle = join(folder, 'needle');
  writeFileSync(needle, 'kthreadd\n');
  expect((await run('audit', dump, '-n', needle)).status).toBe(1);
});

it('exits with 0 where no needle is found', async () => {
  const { status, stdout } = await run('audit', dump, '--needle', 'no such text', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ leaks: false, secrets: [] });
  expect(status).toBe(0);
});

it('refuses a needle that is no text', async () => {
  expect((await run('audit', dump, '--needle', '')).status).toBe(2);
});

it('pages says why it cannot tell', async () => {
  const { status, stderr } = await run('pages', dump);
  expect(status).toBe(1);
  expect(stderr).toContain('kcrash: ');
});
