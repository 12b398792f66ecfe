import type { Command } from 'commander';

/** A command that reads a dump: with the argument and the options that all of them have. */
export function dumpCommand(program: Command, name: string, summary: string): Command {
  return program
    .command(name)
    .description(summary)
    .argument('<dump>', 'a vmcore, a kdump file, or a memory dump of a virtual machine')
    .option('--with <file>', 'a further file of a split dump; may be repeated', append)
    .option('--json', 'print JSON');
}

function append(file: string, files: readonly string[] = []): string[] {
  return [...files, file];
}
