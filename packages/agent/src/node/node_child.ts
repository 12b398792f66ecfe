import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ended, RunOptions } from '../port.ts';

const OUTPUT_LIMIT_BYTES = 16_384;
const CALLBACK_MILLISECONDS = 500;

/** Sleeps without the event loop. */
export function sleepMilliseconds(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/**
 * `Port.run`. Synchronous and yet able to call back: the child is watched through `/proc`, where it stays as a
 * zombie until Node's event loop gets to run again. Output goes to a file, which unlike a pipe doesn't keep
 * the caller waiting for grandchildren, and keeps both streams in order.
 */
export function runProgram(argv: readonly string[], options: RunOptions): Ended {
  const [program = '', ...args] = argv;
  const folder = mkdtempSync(join(tmpdir(), 'kcrash-run-'));
  const output = openSync(join(folder, 'output'), 'w+');
  try {
    const child = spawn(program, args, { detached: true, stdio: ['ignore', output, output] });
    child.on('error', () => {}); // told by pid
    if (child.pid === undefined) return { how: 'not-started', why: startError(program) };
    const end = watch(child.pid, options);
    killGroup(child);
    const kept = Buffer.alloc(options.outputLimitBytes ?? OUTPUT_LIMIT_BYTES);
    const text = kept.toString('utf8', 0, readSync(output, kept, 0, kept.length, 0));
    if (end === 'timed-out') return { how: end, output: text };
    const signal = end & 0x7f;
    return signal === 0
      ? { how: 'exited', code: (end >> 8) & 0xff, output: text }
      : { how: 'killed', signal, output: text };
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only the synchronous call tells at once why a program can't be started. */
function startError(program: string): string {
  const { error } = spawnSync(program);
  return (error as NodeJS.ErrnoException | undefined)?.code ?? 'EUNKNOWN';
}

/** The status of waitpid(2), or `timed-out`. */
function watch(pid: number, options: RunOptions): number | 'timed-out' {
  const deadline = performance.now() + options.limitSeconds * 1000;
  let nextCall = performance.now() + CALLBACK_MILLISECONDS;
  for (;;) {
    // Of the fields behind the name, which may hold anything: the first is the state, the last but the
    // fiftieth the exit code (proc(5), fields 3 and 52).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return Number(fields[49]);
    const now = performance.now();
    if (now >= deadline) return 'timed-out';
    if (now >= nextCall) {
      options.whileRunning?.();
      nextCall = now + CALLBACK_MILLISECONDS;
    }
    sleepMilliseconds(5);
  }
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  } catch {
    // no one is left
  }
}
