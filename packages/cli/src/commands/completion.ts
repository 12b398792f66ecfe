import type { Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion.ts';
import { Failure } from '../failure.ts';
import type { Io } from '../output.ts';

/** `kcrash completion SHELL`: a completion script, made from the program's own definition. */
export function addCompletionCommand(program: Command, io: Io): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .argument('<shell>', `one of ${SHELLS.join(', ')}`)
    .action(async (name: string) => {
      const shell = SHELLS.find((known): known is Shell => known === name);
      if (shell === undefined) {
        throw new Failure(`There is no completion for ${name}`, `Shells are ${SHELLS.join(', ')}.`, 2);
      }
      const { wholeProgram } = await import('../program.ts');
      io.out.write(completionScript(await wholeProgram(io), shell));
    });
}
