import { QuestionError } from '@kcrash/report/explore/question_error';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { advise } from './advice.ts';
import { Failure } from './failure.ts';
import { type Io, ReaderGone } from './output.ts';
import { runProgram } from './program.ts';

/**
 * Runs the words after `kcrash` and says what goes wrong. Gives the exit status: 0 done, 1 it failed or was not
 * found, 2 wrong use, 130 interrupted.
 */
export async function run(words: readonly string[], io: Io): Promise<number> {
  try {
    await runProgram(words, io);
    io.out.flush();
    io.err.flush();
  } catch (error) {
    io.status = tell(error, io);
  }
  return io.status;
}

function tell(error: unknown, { out, err, status }: Io): number {
  if (error instanceof ReaderGone) return status;
  if (!(error instanceof Failure || error instanceof QuestionError || error instanceof DumpError))
    throw error;
  try {
    // What was found before the error is worth having.
    out.flush();
    err.line(`kcrash: ${error instanceof Failure ? error.message : advise(error)}`);
    err.flush();
  } catch (second) {
    if (!(second instanceof ReaderGone)) throw second;
  }
  if (error instanceof Failure) return error.exitStatus;
  return error.code === 'syntax' ? 2 : 1;
}
