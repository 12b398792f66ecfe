import { spawn } from 'node:child_process';

export interface ExecOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are no failure. Default: 0 alone. */
  readonly allow?: readonly number[];
}

/** Runs a program and returns its standard output; throws with the program's own words when it fails. */
export function exec(program: string, args: readonly string[], options: ExecOptions = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => output.push(piece));
    child.stderr.on('data', (piece: Buffer) => errors.push(piece));
    // A program that fails early closes its input; its exit code says more than the broken pipe.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => reject(new Error(`${program}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code !== null && (options.allow ?? [0]).includes(code)) resolve(Buffer.concat(output));
      else reject(new Error(failure(program, args, code ?? signal, Buffer.concat([...errors, ...output]))));
    });
  });
}

function failure(program: string, args: readonly string[], how: unknown, words: Buffer): string {
  const said = words.toString('utf8').trim();
  return `${[program, ...args].join(' ')}: exit ${how}\n${said.slice(-4000)}`;
}
