import type { Command, Option } from 'commander';

/** Shells that completion scripts are made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command as a completion script needs it. */
interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly Option[];
  /** Words of the first argument, where they are known; else it is a file or free text. */
  readonly words: readonly string[];
}

/** A script that makes a shell complete the program's commands, options and files. */
export function completionScript(program: Command, shell: Shell): string {
  const commands = program.commands.map((command) => ({
    name: command.name(),
    summary: command.description(),
    options: command.createHelp().visibleOptions(command),
    words: command.name() === 'completion' ? SHELLS : [],
  }));
  if (shell === 'bash') return bashScript(commands);
  return shell === 'zsh' ? zshScript(commands) : fishScript(commands);
}

function flagsOf(options: readonly Option[]): string[] {
  return options.flatMap(({ short, long }) => [short, long]).filter((flag) => flag !== undefined);
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map(({ name, options, words }) => {
    const others = words.length > 0 ? ` words='${words.join(' ')}'` : '';
    return `    ${name}) flags='${flagsOf(options).join(' ')}'${others} ;;`;
  });
  return `# bash completion of kcrash: source it, or put it into /usr/share/bash-completion/completions/kcrash
_kcrash() {
  local word=\${COMP_WORDS[COMP_CWORD]} flags='' words=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${names} --help --version' -- "$word")
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
  elif [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -F _kcrash kcrash
`;
}

/** Inside single quotes. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}

/** In a zsh specification brackets and colons have a meaning. */
function zshText(text: string): string {
  return quoted(text.replace(/[[\]:\\]/g, '\\$&'));
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const list = commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`);
  const cases = commands.map(({ name, options, words }) => {
    const specifications = options.map((option) => zshOption(option)).map((text) => `        ${text} \\`);
    const rest = words.length > 0 ? `'1:shell:(${words.join(' ')})'` : `'*:file:_files'`;
    return `    ${name})\n      _arguments -s \\\n${specifications.join('\n')}\n        ${rest}\n      ;;`;
  });
  return `#compdef kcrash
# zsh completion of kcrash: put it as _kcrash into a folder of $fpath
_kcrash() {
  local -a commands=(
${list.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join('\n')}
  esac
}
compdef _kcrash kcrash
`;
}

function zshOption({ short, long, description, required }: Option): string {
  const flags = [short, long].filter((flag) => flag !== undefined);
  const value = required ? ':value:_files' : '';
  const name = flags.length > 1 ? `'(${flags.join(' ')})'{${flags.join(',')}}` : `${flags[0] ?? ''}`;
  return `${name}'[${zshText(description)}]${value}'`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = [
    '# fish completion of kcrash: put it as kcrash.fish into ~/.config/fish/completions',
    'complete -c kcrash -n __fish_use_subcommand -f -l version -s V',
    'complete -c kcrash -n __fish_use_subcommand -f -l help -s h',
  ];
  for (const { name, summary, options, words } of commands) {
    lines.push(`complete -c kcrash -n __fish_use_subcommand -f -a ${name} -d '${fishText(summary)}'`);
    const when = `-n '__fish_seen_subcommand_from ${name}'`;
    if (words.length > 0) lines.push(`complete -c kcrash ${when} -f -a '${words.join(' ')}'`);
    for (const { short, long, description, required } of options) {
      const flags = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`, required && '-r'];
      lines.push(
        `complete -c kcrash ${when} ${flags.filter(Boolean).join(' ')} -d '${fishText(description)}'`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function fishText(text: string): string {
  return text.replace(/[\\']/g, '\\$&');
}
