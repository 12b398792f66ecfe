import { spawn } from 'node:child_process';

/** What a program took. */
export interface Usage {
  readonly seconds: number;
  /** User and system together: what does not grow when the machine is busy with other work. */
  readonly cpuSeconds: number;
  /** The largest resident size that it, or any program it started, had. */
  readonly peakBytes: number;
}

/** GNU time's arguments that write what `parseUsage` reads into a file. */
export function timeArguments(file: string): string[] {
  return ['-o', file, '-f', '%e %U %S %M'];
}

/** Reads what GNU time wrote; its last line counts, since a complaint about the exit status comes first. */
export function parseUsage(text: string): Usage {
  const last = text.trim().split('\n').at(-1) ?? '';
  const [seconds, user, system, peakKib] = last.split(' ').map(Number);
  if (peakKib === undefined || ![seconds, user, system, peakKib].every(Number.isFinite))
    throw new Error(`GNU time wrote ${JSON.stringify(text)}; wanted four numbers`);
  return { seconds: seconds ?? 0, cpuSeconds: (user ?? 0) + (system ?? 0), peakBytes: peakKib * 1024 };
}

export interface Ended {
  /** Exit status; null after a signal. */
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly limitSeconds: number;
}

/** Runs a program to its end, whatever its exit status; kills it and all it started at the time limit. */
export function runToEnd(program: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => output.push(piece));
    child.stderr.on('data', (piece: Buffer) => errors.push(piece));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    let late = '';
    const timer = setTimeout(() => {
      late = `\nkilled after ${options.limitSeconds} s`;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, options.limitSeconds * 1000);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${program}: ${error.message}`));
    });
    child.on('close', (status) => {
      clearTimeout(timer);
      const text = (pieces: Buffer[]) => Buffer.concat(pieces).toString('latin1');
      resolve({ status, output: text(output), errors: text(errors) + late });
    });
  });
}
