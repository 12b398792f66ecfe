import { ended, exitNow, fork, readable, spawn } from 'quickjs:kcrash_child';
import { errorName } from 'quickjs:kcrash_sys';
import * as os from 'quickjs:os';
import { fdopen } from 'quickjs:std';
import { utf8Text } from '@kcrash/vmcore/bytes/text';
import type { Ended, Outcome, RunOptions } from '../port.ts';
import { messageOf } from '../text.ts';

const SIGKILL = 9;
/** What a killed child gets to end. In an uninterruptible call it can't, and nothing may wait for that. */
const DYING_SECONDS = 2;
const OUTPUT_LIMIT_BYTES = 16_384;
const RESULT_LIMIT_BYTES = 1 << 20;
const POLL_MILLISECONDS = 100;
const CALLBACK_MILLISECONDS = 500;

/** How the watched child ended; `status` as waitpid(2) has it. */
type End = { readonly status: number } | 'timed-out';

/** A child with a pipe that is read while it runs, until it ends or its time does. */
class WatchedChild {
  readonly #pid: number;
  readonly #pipe: number;
  readonly #limitBytes: number;
  readonly #kept: Uint8Array[] = [];
  readonly #buffer = new Uint8Array(4096);
  #keptBytes = 0;
  #open = true;
  /** Whether the child wrote more than the limit. */
  cut = false;

  constructor(pid: number, pipe: number, limitBytes: number) {
    this.#pid = pid;
    this.#pipe = pipe;
    this.#limitBytes = limitBytes;
  }

  /** Returns once the child is gone, and with it all of its process group, or given up. */
  watch(deadline: number, whileRunning?: () => void): End {
    let nextCall = os.now() + CALLBACK_MILLISECONDS;
    try {
      while (ended(this.#pid) === 0) {
        const now = os.now();
        if (now >= deadline) return this.#kill();
        if (whileRunning !== undefined && now >= nextCall) {
          whileRunning();
          nextCall = now + CALLBACK_MILLISECONDS;
        }
        this.#wait(Math.min(POLL_MILLISECONDS, Math.ceil(deadline - now)));
      }
      // What it left running would hold files and the pipe; it had no reason to.
      os.kill(-this.#pid, SIGKILL);
      while (this.#open && readable(this.#pipe, 0) === 1) this.#read();
      return { status: os.waitpid(this.#pid, 0)[1] };
    } finally {
      os.close(this.#pipe);
    }
  }

  /** What was kept of what the child wrote. */
  text(): string {
    const all = new Uint8Array(this.#keptBytes);
    let at = 0;
    for (const piece of this.#kept) {
      all.set(piece, at);
      at += piece.length;
    }
    return utf8Text(all);
  }

  #wait(milliseconds: number): void {
    if (!this.#open)
      os.sleep(Math.min(milliseconds, 5)); // its output has ended, so it is about to
    else if (readable(this.#pipe, milliseconds) !== 0) this.#read();
  }

  #read(): void {
    const got = os.read(this.#pipe, this.#buffer.buffer, 0, this.#buffer.length);
    if (got <= 0) {
      this.#open = false;
      return;
    }
    const kept = Math.min(got, this.#limitBytes - this.#keptBytes);
    if (kept < got) this.cut = true;
    if (kept === 0) return;
    this.#kept.push(this.#buffer.slice(0, kept));
    this.#keptBytes += kept;
  }

  #kill(): End {
    os.kill(-this.#pid, SIGKILL);
    const givenUp = os.now() + DYING_SECONDS * 1000;
    while (ended(this.#pid) === 0 && os.now() < givenUp) os.sleep(5);
    while (this.#open && readable(this.#pipe, 0) === 1) this.#read();
    if (ended(this.#pid) === 1) os.waitpid(this.#pid, 0);
    return 'timed-out';
  }
}

/** `Port.run` */
export function runProgram(words: readonly string[], options: RunOptions): Ended {
  const deadline = os.now() + options.limitSeconds * 1000;
  const started = spawn(words);
  if (typeof started === 'number') return { how: 'not-started', why: errorName(-started) };
  const child = new WatchedChild(started.pid, started.output, options.outputLimitBytes ?? OUTPUT_LIMIT_BYTES);
  const failure = execFailure(started.failure, deadline);
  const end = child.watch(deadline, options.whileRunning);
  if (failure !== undefined) return { how: 'not-started', why: failure };
  const output = child.text();
  if (end === 'timed-out') return { how: 'timed-out', output };
  const signal = end.status & 0x7f;
  return signal === 0
    ? { how: 'exited', code: (end.status >> 8) & 0xff, output }
    : { how: 'killed', signal, output };
}

/** The name of exec's errno; undefined when the program runs, or when the deadline came first. */
function execFailure(pipe: number, deadline: number): string | undefined {
  const errno = new Int32Array(1);
  let known = 0;
  while (known === 0 && os.now() < deadline) known = readable(pipe, Math.ceil(deadline - os.now()));
  const got = known === 1 ? os.read(pipe, errno.buffer, 0, 4) : 0;
  os.close(pipe);
  return got === 4 ? errorName(errno[0] ?? 0) : undefined;
}

/** `Port.isolate` */
export function isolated<T>(limitSeconds: number, work: () => T): Outcome<T> {
  const deadline = os.now() + limitSeconds * 1000;
  const ends = os.pipe();
  if (ends === null) return { ok: false, why: 'no pipe to be had' };
  const [readEnd, writeEnd] = ends;
  const pid = fork();
  if (pid === 0) workAndExit(writeEnd, work);
  os.close(writeEnd);
  if (pid < 0) {
    os.close(readEnd);
    return { ok: false, why: `fork: ${errorName(-pid)}` };
  }
  const child = new WatchedChild(pid, readEnd, RESULT_LIMIT_BYTES);
  const end = child.watch(deadline);
  if (end === 'timed-out') return { ok: false, why: `not done within ${limitSeconds} s` };
  if (child.cut) return { ok: false, why: `its result has more than ${RESULT_LIMIT_BYTES} bytes` };
  return outcome(end.status, child.text());
}

function workAndExit(pipe: number, work: () => unknown): never {
  let answer: string;
  try {
    answer = JSON.stringify({ ok: true, value: work() });
  } catch (error) {
    answer = JSON.stringify({ ok: false, why: messageOf(error) });
  }
  const file = fdopen(pipe, 'w');
  file.puts(answer);
  file.close();
  exitNow(0);
}

function outcome<T>(status: number, answer: string): Outcome<T> {
  const signal = status & 0x7f;
  if (signal !== 0) return { ok: false, why: `killed by signal ${signal}` };
  try {
    return JSON.parse(answer) as Outcome<T>;
  } catch {
    return { ok: false, why: `ended with status ${(status >> 8) & 0xff} and no result` };
  }
}
