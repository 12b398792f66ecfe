import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Job, Line } from './run_cases.ts';

/** How a worker is started: program and words, to which the job is added. */
export type WorkerCommand = readonly [program: string, ...words: string[]];

/** What a worker said, and what became of it. */
export type Heard = (line: Line) => void;

/** CPU time after which a case is stopped: nothing that ends takes it. */
const HANG_MILLISECONDS = 20_000;
const LOOK_MILLISECONDS = 500;
const TICKS_PER_SECOND = 100;

/**
 * Runs a job in a process of its own, and again behind each case that ended it: a crash of the engine, memory
 * exhausted, or a case that does not end. `stop` ends it early.
 */
export async function supervise(
  command: WorkerCommand,
  job: Job,
  heard: Heard,
  stop: AbortSignal,
  hangMilliseconds = HANG_MILLISECONDS,
): Promise<void> {
  let numbers = job.numbers;
  while (numbers.length > 0 && !stop.aborted) {
    const { running, why } = await runOnce(command, { ...job, numbers }, heard, stop, hangMilliseconds);
    if (why === undefined || stop.aborted) return;
    if (running === undefined) throw new Error(`The worker ended before its first case: ${why}`);
    heard({
      kind: 'done',
      number: running,
      sample: '',
      outcome: 'died',
      milliseconds: 0,
      bytes: 0,
      damage: [],
      failure: why,
    });
    numbers = numbers.slice(numbers.indexOf(running) + 1);
  }
}

async function runOnce(
  [program, ...words]: WorkerCommand,
  job: Job,
  heard: Heard,
  stop: AbortSignal,
  hangMilliseconds: number,
): Promise<{ running: number | undefined; why: string | undefined }> {
  const child = spawn(program, [...words, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let running: number | undefined;
  let startedAt = 0;
  let hung = false;
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint = (complaint + text).slice(-2000);
  });
  const end = () => child.kill('SIGKILL');
  stop.addEventListener('abort', end);
  const timer = setInterval(() => {
    const now = cpuOf(child);
    if (running === undefined || now - startedAt < hangMilliseconds) return;
    hung = true;
    child.kill('SIGKILL');
  }, LOOK_MILLISECONDS);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if (line.kind === 'start') {
      running = line.number;
      startedAt = cpuOf(child);
    }
    heard(line);
  });
  const closed = new Promise<[number | null, string | null]>((resolve) => {
    child.on('close', (code, signal) => resolve([code, signal]));
  });
  const [code, signal] = await closed;
  clearInterval(timer);
  stop.removeEventListener('abort', end);
  if (code === 0) return { running, why: undefined };
  if (hung) return { running, why: `did not end in ${hangMilliseconds / 1000} s of CPU time` };
  return { running, why: `the process ended with ${signal ?? code}: ${complaint}` };
}

/** CPU time of a process in milliseconds; 0 for one that has ended. */
function cpuOf({ pid }: ChildProcess): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // After the name, which may hold anything, utime and stime are the 12th and 13th field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
