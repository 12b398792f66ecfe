import type { Command, Option } from 'commander';

/** What exit statuses mean, for every command. */
export const EXIT_STATUS: readonly (readonly [status: number, meaning: string])[] = [
  [0, 'the work is done'],
  [1, 'it failed (the file is no dump, say), or what was asked for is not in the dump'],
  [2, 'wrong use: an unknown option, an argument that cannot be understood'],
  [130, 'it was stopped by Ctrl-C'],
];

const EXAMPLES: readonly (readonly [command: string, meaning: string])[] = [
  ['kcrash info vmcore', 'what the file is, of which kernel, and what is in it'],
  ['kcrash bt vmcore', 'the stack of the task that crashed'],
  ['kcrash bt -a vmcore', 'what ran on each CPU'],
  ['kcrash log -T -l warn+ vmcore', 'warnings and worse, with times of the wall clock'],
  ["kcrash vars vmcore 'init_task.parent->comm'", 'a variable of the kernel, followed as in C'],
  ['kcrash title console.log', 'a name for the crash that a serial console recorded'],
];

/**
 * The manual page of the program in roff (groff_man(7)), made from the definition of its commands; so it cannot
 * fall behind.
 */
export function manPage(program: Command): string {
  const lines = [
    '.\\" Made from the definition of the commands: do not edit.',
    '.TH KCRASH 1 "" kcrash "User Commands"',
    '.SH NAME',
    'kcrash \\- read what a Linux kernel crash left',
    '.SH SYNOPSIS',
    ...program.commands.flatMap(synopsis),
    '.SH DESCRIPTION',
    text(
      'kcrash opens the dump of a crashed Linux kernel and reads it by what the kernel tells about itself in',
    ),
    text(
      'its own memory: VMCOREINFO, kallsyms, BTF and ORC. It needs no debug info and knows no kernel version.',
    ),
    '.PP',
    text(
      'Dumps are ELF cores (/proc/vmcore, dump-guest-memory) and kdump-compressed files of makedumpfile and',
    ),
    text('QEMU, flattened ones and split ones (--with) too.'),
    '.SH COMMANDS',
    ...program.commands.flatMap(section),
    '.SH "EXIT STATUS"',
    ...EXIT_STATUS.flatMap(([status, meaning]) => ['.TP', String(status), text(meaning)]),
    '.SH ENVIRONMENT',
    '.TP',
    'NO_COLOR',
    text('Output is coloured on a terminal only, and never where this is set.'),
    '.TP',
    'TZ',
    text('Time zone of the times that are printed.'),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([command, meaning]) => ['.TP', `.B ${text(command)}`, text(meaning)]),
    '.SH "SEE ALSO"',
    '.BR crash (8),',
    '.BR makedumpfile (8),',
    '.BR dmesg (1)',
  ];
  return `${lines.join('\n')}\n`;
}

/** Roff takes a backslash, a hyphen and a quote or dot at the start of a line for its own. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^[.']/, '\\&$&')
    .replaceAll('…', '...')
    .replaceAll('’', '\\(cq')
    .replaceAll('“', '\\(lq')
    .replaceAll('”', '\\(rq');
}

function synopsis(command: Command): string[] {
  const words = command.registeredArguments.map((argument) => {
    const name = `\\fI${text(argument.name().toUpperCase())}\\fR${argument.variadic ? '...' : ''}`;
    return argument.required ? name : `[${name}]`;
  });
  return ['.br', `\\fBkcrash ${text(command.name())}\\fR [\\fIOPTION\\fR]... ${words.join(' ')}`.trimEnd()];
}

function section(command: Command): string[] {
  const help = command.createHelp();
  const [, ...usage] = synopsis(command);
  const summary = command.description();
  return [
    `.SS ${text(command.name())}`,
    ...usage,
    '.PP',
    text(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...command.registeredArguments.flatMap((argument) => [
      '.TP',
      `.I ${text(argument.name().toUpperCase())}`,
      text(help.argumentDescription(argument)),
    ]),
    ...help.visibleOptions(command).flatMap((option) => optionLines(option, help.optionDescription(option))),
  ];
}

function optionLines(option: Option, description: string): string[] {
  return ['.TP', `.B ${text(option.flags)}`, text(description)];
}
