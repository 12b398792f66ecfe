#!/usr/bin/env node
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { advise } from './advice.ts';
import { Failure } from './failure.ts';
import { type Io, Output, ReaderGone } from './output.ts';
import { runProgram } from './program.ts';

async function main(words: readonly string[], io: Io): Promise<void> {
  try {
    await runProgram(words, io);
    io.out.flush();
    io.err.flush();
  } catch (error) {
    process.exitCode = tell(error, io);
  }
}

/** Says what went wrong; the exit status is 1 for work that failed, 2 for wrong use. */
function tell(error: unknown, { out, err }: Io): number {
  if (error instanceof ReaderGone) return 0;
  if (!(error instanceof Failure || error instanceof DumpError)) throw error;
  try {
    // What was found before the error is worth having.
    out.flush();
    err.line(`kcrash: ${error instanceof Failure ? error.message : advise(error)}`);
    err.flush();
  } catch (second) {
    if (!(second instanceof ReaderGone)) throw second;
  }
  return error instanceof Failure ? error.exitStatus : 1;
}

// Not awaited: the build may make this a CommonJS file, which knows no await at its top.
void main(process.argv.slice(2), { out: new Output(1), err: new Output(2) });
