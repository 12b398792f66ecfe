import { describe, expect, it } from 'vitest';
import type { Job, Line } from './run_cases.ts';
import { supervise, type WorkerCommand } from './supervisor.ts';

const JOB: Job = {
  target: 'dumps',
  samples: [],
  seed: 1,
  numbers: [1, 2, 3],
  limits: { milliseconds: 1, bytes: 1 },
  verbose: false,
};

/** A worker for which `during` is done while case 2 runs. */
function worker(during: string): WorkerCommand {
  const code = `
    const say = (line) => require('fs').writeSync(1, JSON.stringify(line) + '\\n');
    for (const number of JSON.parse(process.argv[1]).numbers) {
      say({ kind: 'start', number });
      if (number === 2) { ${during} }
      say({ kind: 'done', number, sample: 's', outcome: 'whole', milliseconds: 1, bytes: 0, damage: [] });
    }`;
  return [process.execPath, '-e', code, '--'];
}

async function outcomes(during: string): Promise<[number, string, string | undefined][]> {
  const done: [number, string, string | undefined][] = [];
  const heard = (line: Line) => {
    if (line.kind === 'done') done.push([line.number, line.outcome, line.failure]);
  };
  await supervise(worker(during), JOB, heard, new AbortController().signal, 1000);
  return done;
}

describe('a worker', () => {
  const around = (outcome: string, failure: unknown) => [
    [1, 'whole', undefined],
    [2, outcome, failure],
    [3, 'whole', undefined],
  ];

  it('is heard to its end', async () => {
    expect(await outcomes('')).toEqual(around('whole', undefined));
  });

  it('that does not end is stopped, and goes on behind the case', async () => {
    expect(await outcomes('for (;;);')).toEqual(around('died', 'did not end in 1 s of CPU time'));
  });

  it('that dies takes one case with it', async () => {
    expect(await outcomes("process.kill(process.pid, 'SIGSEGV'); for (;;);")).toEqual(
      around('died', expect.stringContaining('SIGSEGV')),
    );
    expect(await outcomes("console.error('out of memory'); process.exit(3)")).toEqual(
      around('died', expect.stringMatching(/ended with 3: out of memory/)),
    );
  });
});
