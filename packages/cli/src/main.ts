#!/usr/bin/env node
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { advise } from './advice.ts';
import { Failure } from './failure.ts';
import { Output, ReaderGone } from './output.ts';
import { runProgram } from './program.ts';

const io = { out: new Output(1), err: new Output(2) };

try {
  await runProgram(process.argv.slice(2), io);
  io.out.flush();
  io.err.flush();
} catch (error) {
  process.exitCode = reportError(error);
}

/** Says what went wrong; the exit status is 1 for work that failed, 2 for wrong use. */
function reportError(error: unknown): number {
  if (error instanceof ReaderGone) return 0;
  try {
    // What was found before the error is worth having.
    io.out.flush();
    if (error instanceof Failure) io.err.line(`kcrash: ${error.message}`);
    else if (error instanceof DumpError) io.err.line(`kcrash: ${advise(error)}`);
    else throw error;
    io.err.flush();
  } catch (second) {
    if (!(second instanceof ReaderGone)) throw second;
  }
  return error instanceof Failure ? error.exitStatus : 1;
}
