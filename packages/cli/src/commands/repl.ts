import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { evaluateOnce, startPrompt } from '../prompt.ts';

interface Options extends DumpOptions {
  readonly evaluate?: string;
}

/** `kcrash repl DUMP`: a JavaScript prompt with the dump in scope. */
export function addReplCommand(program: Command, io: Io): void {
  dumpCommand(program, 'repl', 'open a JavaScript prompt with the dump in scope')
    .option('-e, --evaluate <code>', 'evaluate JavaScript, print what it gives, and exit')
    .action(async (file: string, options: Options) => {
      const dump = openDumpFile(file, options);
      if (options.evaluate === undefined) await startPrompt(dump, file, io);
      else evaluateOnce(dump, options.evaluate, options.json === true, io);
    });
}
