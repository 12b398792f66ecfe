import { Command } from 'commander';
import type { Io } from './output.ts';
import { version } from './version.ts';

/** Help or the version was printed, or what is wrong with the words: the program is at its end. */
class Ended extends Error {
  override readonly name = 'Ended';
  readonly status: 0 | 2;

  constructor(status: 0 | 2) {
    super('ended');
    this.status = status;
  }
}

type AddCommand = (program: Command, io: Io) => void;

/** Each command's file is loaded when the command is called, or when all are to be listed. */
const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map(
  Object.entries({
    report: async () => (await import('./commands/report.ts')).addReportCommand,
    info: async () => (await import('./commands/info.ts')).addInfoCommand,
    log: async () => (await import('./commands/log.ts')).addLogCommand,
    ps: async () => (await import('./commands/ps.ts')).addPsCommand,
    bt: async () => (await import('./commands/bt.ts')).addBtCommand,
    mod: async () => (await import('./commands/mod.ts')).addModCommand,
    sym: async () => (await import('./commands/sym.ts')).addSymCommand,
    type: async () => (await import('./commands/type.ts')).addTypeCommand,
    read: async () => (await import('./commands/read.ts')).addReadCommand,
    vars: async () => (await import('./commands/vars.ts')).addVarsCommand,
    pages: async () => (await import('./commands/pages.ts')).addPagesCommand,
    audit: async () => (await import('./commands/audit.ts')).addAuditCommand,
    find: async () => (await import('./commands/find.ts')).addFindCommand,
    repl: async () => (await import('./commands/repl.ts')).addReplCommand,
    view: async () => (await import('./commands/view.ts')).addViewCommand,
    dump: async () => (await import('./commands/dump.ts')).addDumpCommand,
    title: async () => (await import('./commands/title.ts')).addTitleCommand,
    crash: async () => (await import('./commands/crash.ts')).addCrashCommand,
    completion: async () => (await import('./commands/completion.ts')).addCompletionCommand,
  }),
);

/** The whole program, every command defined: what help, completion and the man page are made from. */
export async function wholeProgram(io: Io): Promise<Command> {
  const program = emptyProgram(io);
  for (const load of COMMANDS.values()) (await load())(program, io);
  return program;
}

/** Runs what the words after `kcrash` ask for. Throws `Failure`, `QuestionError`, `DumpError`, `ReaderGone`. */
export async function runProgram(words: readonly string[], io: Io): Promise<void> {
  const load = COMMANDS.get(words[0] ?? '');
  const needsAll = load === undefined && !/^(-V|--version)$/.test(words[0] ?? '');
  const program = needsAll ? await wholeProgram(io) : emptyProgram(io);
  if (load !== undefined) (await load())(program, io);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    io.status = error.status;
  }
}

function emptyProgram(io: Io): Command {
  const { out, err } = io;
  return (
    new Command('kcrash')
      .description('Reads what a Linux kernel crash left, with no debug info.')
      .version(version)
      .helpCommand(false)
      .configureOutput({
        writeOut: (text) => out.write(text),
        writeErr: (text) => err.write(text),
        getOutHelpWidth: () => out.columns,
        getErrHelpWidth: () => err.columns,
        getOutHasColors: () => out.colour,
        getErrHasColors: () => err.colour,
      })
      .showHelpAfterError('(kcrash --help lists the commands)')
      // Wrong use exits with 2, so that 1 always means that the work itself failed.
      .exitOverride((error) => {
        throw new Ended(error.exitCode === 0 ? 0 : 2);
      })
  );
}
