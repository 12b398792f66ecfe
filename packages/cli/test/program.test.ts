import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Output } from '../src/output.ts';
import { run as runHere } from '../src/run.ts';
import { functionAddress, type SmallDump, smallDump } from './small_dump.ts';

const LOG = [
  { text: 'Linux version 6.1.0-test', level: 5, nanoseconds: 0 },
  { text: 'a driver\x1b[2J says', level: 6, nanoseconds: 1_500_000_000, subsystem: 'pci', device: '+pci:1' },
  { text: 'sysrq: Trigger a crash', level: 6, nanoseconds: 2_000_000_000, caller: 0x8000_0001 },
  { text: 'Kernel panic - not syncing: sysrq triggered crash', level: 0, nanoseconds: 3_000_000_000 },
];

let folder: string;
let program: string;
let small: SmallDump;
let elf: string;
let kdump: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kcrash-cli-'));
  program = join(folder, 'kcrash.cjs');
  buildSync({
    entryPoints: [fileURLToPath(new URL('../src/main.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
  });
  small = smallDump(LOG.map((message) => ({ ...message, text: new TextEncoder().encode(message.text) })));
  elf = join(folder, 'small.elf');
  kdump = join(folder, 'small.kdump');
  writeFileSync(elf, small.elf);
  // The page of init's task_struct is left out.
  writeFileSync(kdump, small.kdump([0x13]));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the program in this process, which saves a second a test; what is written goes to files. */
async function run(...args: string[]) {
  const files = ['out', 'err'].map((name) => join(folder, name));
  const [out = 1, err = 2] = files.map((file) => openSync(file, 'w'));
  const status = await runHere(args, { out: new Output(out), err: new Output(err), status: 0 });
  closeSync(out);
  closeSync(err);
  const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'));
  return { status, stdout, stderr };
}

async function json(...args: string[]) {
  const { stdout } = await run(...args, '--json');
  return JSON.parse(stdout);
}

function hex(address: bigint | undefined): string {
  return `0x${(address ?? 0n).toString(16).padStart(16, '0')}`;
}

describe('kcrash info', () => {
  it('tells what is known, and why the rest is not', async () => {
    const { status, stdout } = await run('info', kdump);
    expect(status).toBe(0);
    expect(stdout).toMatch(/FORMAT: kdump-compressed, zlib, without zero, .* \(-d 31\)/);
    expect(stdout).toMatch(/CRASH: kernel panic: sysrq triggered crash/);
    expect(stdout).toMatch(/UPTIME: unknown: The kernel has no variable/);
  });

  it('has the same as JSON', async () => {
    const info = await json('info', elf);
    expect(info).toMatchObject({ format: 'elf', release: '6.1.0-test', cpus: 2, tasks: 6, dumpLevel: null });
    expect(info.unknown.clocks).toMatch(/no variable/);
  });
});

describe('kcrash log', () => {
  it('prints the log as dmesg does, and lets no escape sequence through', async () => {
    expect((await run('log', elf)).stdout).toBe(
      [
        '[    0.000000] Linux version 6.1.0-test',
        '[    1.500000] a driver\\x1b[2J says',
        '[    2.000000] sysrq: Trigger a crash',
        '[    3.000000] Kernel panic - not syncing: sysrq triggered crash',
        '',
      ].join('\n'),
    );
  });

  it('filters by level and shows who logged', async () => {
    expect((await run('log', elf, '-l', 'notice+')).stdout.split('\n')).toHaveLength(3);
    expect((await run('log', elf, '-c', '-l', '6')).stdout).toContain('[    2.000000][    C1] sysrq');
    expect((await run('log', elf, '-x', '-l', 'emerg')).stdout).toMatch(/^kern {2}:emerg : \[/);
  });

  it('gives records with what drivers attach', async () => {
    expect((await json('log', elf)).items[1]).toEqual({
      kind: 'record',
      sequence: 1,
      nanoseconds: 1_500_000_000,
      time: null,
      level: 6,
      facility: 0,
      caller: 'T1',
      text: 'a driver\x1b[2J says',
      dictionary: { SUBSYSTEM: 'pci', DEVICE: '+pci:1' },
    });
  });

  it('does not make up a time of the wall clock', async () => {
    expect(await run('log', elf, '-T')).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('kcrash ps', () => {
  it('lists tasks in crash’s columns and marks those that ran', async () => {
    const { stdout } = await run('ps', elf);
    expect(stdout).toMatch(/^ +PID +PPID +CPU +TASK +ST +%MEM +VSZ +RSS +COMM\n/);
    expect(stdout).toMatch(/^> +1 +0 +0 +ffff8880[\da-f]{8} +IN .* init$/m);
    expect(stdout).toMatch(/^ +2 .* \[kthreadd\]$/m);
    expect(stdout).toMatch(/^ +8 .* worker\\x1b\[31m$/m);
  });

  it('selects by number, address and name', async () => {
    const pids = async (...words: string[]) =>
      (await json('ps', elf, ...words)).tasks.map(({ pid }: { pid: number }) => pid);
    expect(await pids('7')).toEqual([7]);
    expect(await pids(hex(small.tasks.get(2)))).toEqual([2]);
    expect(await pids('work*')).toEqual([7, 8]);
    expect(await pids('-k')).toEqual([0, 0, 2]);
    expect(await pids('-u', '-G')).toEqual([1, 7]);
  });

  it('says which task is not there', async () => {
    expect(await run('ps', elf, '4711')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no task 4711'),
    });
  });
});

describe('kcrash bt', () => {
  it('says why a stack is not there', async () => {
    expect((await run('bt', elf, '-a')).stdout).toMatch(
      /PID: 1 .* COMMAND: "init"\n.*no registers of CPU 0[\s\S]*PID: 0 .* COMMAND: "swapper\/1"/,
    );
    expect((await json('bt', elf, '-c', '1')).tasks).toMatchObject([
      { comm: 'swapper/1', cpu: 1, end: 'no-registers' },
    ]);
  });

  it('wants a task where no CPU crashed', async () => {
    expect(await run('bt', elf)).toMatchObject({ status: 1, stderr: expect.stringContaining('-a') });
    expect(await run('bt', elf, '-c', 'x')).toMatchObject({ status: 2 });
  });
});

describe('kcrash sym', () => {
  it('translates both ways, and lists all of one name', async () => {
    const address = functionAddress(1).toString(16);
    expect((await run('sym', elf, 'schedule')).stdout).toBe(`${address} (T) schedule\n`);
    expect((await run('sym', elf, `0x${address}`)).stdout).toBe(`${address} (T) schedule\n`);
    expect((await run('sym', elf, (functionAddress(1) + 5n).toString(16))).stdout).toContain(
      '(T) schedule+0x5\n',
    );
    expect(
      (await json('sym', elf, 'twice')).symbols.map(({ address }: { address: string }) => address),
    ).toEqual([hex(functionAddress(3)), hex(functionAddress(4))]);
  });

  it('finds the others when one is missing', async () => {
    const { status, stdout, stderr } = await run('sym', elf, 'nosuch', 'schedule');
    expect(status).toBe(1);
    expect(stdout).toContain('schedule');
    expect(stderr).toContain('nosuch');
  });

  it('searches names', async () => {
    expect((await run('sym', elf, '-q', 'idle')).stdout).toContain('do_idle');
    expect((await run('sym', elf, '-q', 'nosuch')).status).toBe(1);
  });
});

describe('kcrash type', () => {
  it('prints layouts, members and objects', async () => {
    expect((await run('type', elf, 'list_head')).stdout).toMatch(
      /struct list_head \{\n.*\*next;.*\/\* 0 8 \*\//,
    );
    expect((await run('type', elf, 'task_struct.comm')).stdout).toMatch(/^char comm\[16\];/);
    const { stdout: object } = await run('type', elf, 'task_struct', hex(small.tasks.get(7)));
    expect(object).toContain('.comm = "worker"');
    expect((await json('type', elf, 'list_head')).members).toHaveLength(2);
  });

  it('says that a type is not there', async () => {
    expect(await run('type', elf, 'nosuch')).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('kcrash read', () => {
  it('prints bytes with their characters', async () => {
    const { tasks } = small;
    const { offset }: { offset: number } = await json('type', elf, 'task_struct.comm');
    const comm = (tasks.get(7) ?? 0n) + BigInt(offset);
    expect((await run('read', '-x', elf, hex(comm), '16')).stdout).toBe(
      `${comm.toString(16)}:  77 6f 72 6b 65 72 00 00  00 00 00 00 00 00 00 00  |worker..........|\n`,
    );
    expect((await run('read', '-d', elf, 'jiffies_64', '8')).stdout).toMatch(/: +4294892300\n$/);
  });

  it('prints what is there and says why the rest is not', async () => {
    const { status, stdout } = await run('read', kdump, 'ffff888000012ff0', '32');
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^ffff888000012ff0: {2}00 .*\nffff888000013000: {2}16 bytes .* left out of the dump/,
    );
    expect((await json('read', kdump, '0xffff888000013000', '16')).parts).toMatchObject([
      { hex: null, absent: 'excluded' },
    ]);
  });

  it('wants one form, and a length', async () => {
    expect((await run('read', '-x', '-d', elf, '0', '8')).status).toBe(2);
    expect((await run('read', elf, '0', '-1')).status).toBe(2);
  });
});

describe('kcrash vars', () => {
  it('follows members and pointers', async () => {
    expect((await run('vars', elf, 'init_uts_ns.name.release', 'jiffies_64', 'init_task.comm')).stdout).toBe(
      'init_uts_ns.name.release = "6.1.0-test"\njiffies_64 = 4294892300\ninit_task.comm = "swapper/0"\n',
    );
    const task = hex(small.tasks.get(7));
    expect((await run('vars', elf, `((struct task_struct *)${task})->comm`)).stdout).toContain('= "worker"');
    expect((await run('vars', elf, `*(struct task_struct *)${task}`)).stdout).toContain('.comm = "worker"');
  });

  it('has a value of each CPU', async () => {
    expect((await run('vars', elf, 'runqueues.nr_running')).stdout).toBe(
      '[CPU 0] runqueues.nr_running = 3\n[CPU 1] runqueues.nr_running = 4\n',
    );
    expect((await json('vars', elf, 'runqueues:1.nr_running')).values).toMatchObject([
      { cpu: null, value: 4 },
    ]);
  });

  it('does not guess a type', async () => {
    expect(await run('vars', elf, 'secret')).toMatchObject({ status: 1, stdout: '' });
    expect((await run('vars', elf, '(u64)secret')).stdout).toBe('(u64)secret = 7\n');
  });

  it('says what to ask instead, and tells wrong use from what is not there', async () => {
    for (const [expression, status, way] of [
      ['init_task..comm', 2, 'Write it as in C'],
      ['nosuch', 1, 'kcrash sym -q'],
      ['init_task.nosuch', 1, 'debug info'],
      ['init_task.pid[0]', 1, 'kcrash type'],
      ['(struct nosuch *)0x1', 1, 'kcrash type'],
    ] as const) {
      const { stderr, ...told } = await run('vars', elf, expression);
      expect({ expression, ...told }).toEqual({ expression, status, stdout: '' });
      expect(stderr).toContain(way);
    }
  });
});

describe('kcrash find', () => {
  it('finds text, bytes and pointers', async () => {
    expect((await run('find', elf, 'kthreadd')).stdout).toContain('«kthreadd');
    const { hits, end } = await json('find', elf, '-x', '77 6f 72 6b 65 72');
    expect(end).toBe('complete');
    expect(hits).toHaveLength(2);
    expect((await json('find', elf, '-p', hex(small.tasks.get(1)))).hits.length).toBeGreaterThan(0);
  });

  it('exits with 1 where there is none, and stops at a number', async () => {
    expect(await run('find', elf, 'no such text')).toMatchObject({ status: 1, stdout: '' });
    expect(await json('find', elf, '-n', '1', 'worker')).toMatchObject({ end: 'most', hits: [{}] });
    expect((await run('find', '-x', elf, 'xyz')).status).toBe(2);
  });
});

describe('kcrash title', () => {
  it('names a crash, or says that there is none', async () => {
    const crash = join(folder, 'crash.log');
    const quiet = join(folder, 'quiet.log');
    writeFileSync(crash, (await run('log', elf)).stdout);
    writeFileSync(quiet, '[    0.000000] all is well\n');
    const { status, stdout } = await run('title', '--json', crash, quiet);
    expect(status).toBe(0);
    const [first, second] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ file: crash, title: 'kernel panic: sysrq triggered crash', kind: 'DoS' });
    expect(second).toEqual({ file: quiet, title: null, kind: null, corrupted: false });
  });

  it('reads standard input, and knows a dump', async () => {
    const input = 'Kernel panic - not syncing: sysrq triggered crash\n';
    const { stdout } = spawnSync('node', [program, 'title', '-'], { encoding: 'utf8', input });
    expect(stdout).toBe('kernel panic: sysrq triggered crash\n');
    expect(await run('title', elf)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('kcrash log'),
    });
  });
});

describe('kcrash repl', () => {
  it('evaluates with the dump in scope', async () => {
    expect((await run('repl', elf, '-e', 'task(7).comm')).stdout).toBe("'worker'\n");
    expect(await json('repl', elf, '-e', '({ a: sym("schedule"), n: tasks().length })')).toEqual({
      a: hex(functionAddress(1)),
      n: 6,
    });
    expect(await run('repl', elf, '-e', 'nosuch')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nosuch'),
    });
  });

  it('reads a script from standard input', async () => {
    const input = 'vars("init_task.comm")\nthrow new Error("mine")\n1 + 1\n';
    const { stdout } = spawnSync('node', [program, 'repl', elf], { encoding: 'utf8', input });
    expect(stdout).toMatch(/'swapper\/0'\n[\s\S]*Error: mine\n2\n/);
  });
});

describe('the program', () => {
  it('exits with 2 for wrong use and names the way out', async () => {
    expect(await run('nosuch')).toMatchObject({ status: 2, stderr: expect.stringContaining('--help') });
    expect(await run('log')).toMatchObject({ status: 2 });
    expect(await run('log', elf, '--nosuch')).toMatchObject({ status: 2 });
    expect(await run('constructor')).toMatchObject({ status: 2 });
  });

  it('says what a file is that is no dump', async () => {
    const text = join(folder, 'text');
    writeFileSync(text, 'hello, this is a text file\n');
    expect(await run('info', text)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('a text file'),
    });
    expect(await run('info', join(folder, 'missing'))).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^kcrash: /),
    });
  });

  it('lists its commands', async () => {
    const { status, stdout } = await run('--help');
    expect(status).toBe(0);
    for (const name of ['report', 'info', 'log', 'ps', 'bt', 'find', 'completion'])
      expect(stdout).toContain(`  ${name} `);
  });

  it('ends quietly when its reader goes', async () => {
    const child = spawn('node', [program, 'repl', elf, '-e', '"x".repeat(1 << 22)'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect({ status, errors }).toEqual({ status: 0, errors: '' });
  });

  it('colours only where it is wanted', async () => {
    const run = (env: Record<string, string>) =>
      spawnSync('node', [program, 'bt', elf, '-a'], { encoding: 'utf8', env: { ...process.env, ...env } })
        .stdout;
    expect(await run({})).not.toContain('\x1b[');
    expect(await run({ FORCE_COLOR: '1' })).toContain('\x1b[1mPID: 1');
  });
});
