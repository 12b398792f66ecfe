import { type DumpWish, defaultWish, dumpUsage, takeDumpFlag } from './dump_options.ts';
import { allowed, defaultSettings, SETTINGS, type Settings, setSetting } from './settings.ts';

/** What the words after `kcrash` ask for. */
export interface CommandLine {
  readonly command: 'arm' | 'collect' | 'status' | 'report' | 'log' | 'dump' | 'version' | 'help' | 'none';
  readonly json: boolean;
  /** The file that `report`, `log` and `dump` read. */
  readonly dump: string;
  /** What `dump` is to write. */
  readonly wish: DumpWish;
  readonly settings: Settings;
  readonly configuration: { readonly path: string; readonly wanted: boolean };
  /** Applied after the configuration file: flags win over it. */
  readonly overrides: readonly ((settings: Settings) => void)[];
  /** What is wrong with the words, a sentence each. */
  readonly problems: readonly string[];
}

const READS_DUMP: ReadonlySet<string> = new Set(['report', 'log', 'dump']);
const COMMANDS = ['arm', 'collect', 'status', 'report', 'log', 'dump'] as const;

/** Reads the arguments. Never throws: `arm` and `collect` have work to do even when they are called wrongly. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const problems: string[] = [];
  const overrides: ((settings: Settings) => void)[] = [];
  let command: CommandLine['command'] = 'none';
  let json = false;
  let dump = '';
  const wish = defaultWish();
  let configuration = { path: '/etc/kcrash.conf', wanted: false };
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i] ?? '';
    const [flag = '', inline] = splitFlag(word);
    if (word === '--help' || word === '-h') return { ...blank(), command: 'help' };
    if (word === '--version' || word === '-V') return { ...blank(), command: 'version' };
    if (word === '--json') json = true;
    else if (command === 'dump' && word === '--no-scrub') wish.scrub = false;
    else if (word === '--no-lock') overrides.push((settings) => void setSetting(settings, '', 'lock', 'no'));
    else if (!word.startsWith('-')) {
      const known = COMMANDS.find((name) => name === word);
      if (READS_DUMP.has(command) && dump === '') dump = word;
      else if (command === 'dump' && wish.out === '') wish.out = word;
      else if (known === undefined || command !== 'none') problems.push(`unexpected argument ${word}`);
      else command = known;
    } else {
      const value = inline ?? args[++i];
      if (value === undefined) problems.push(`${flag} wants a value`);
      else if (command === 'dump' && takeDumpFlag(wish, flag, value, problems)) continue;
      else if (flag === '--config') configuration = { path: value, wanted: true };
      else {
        const name = flag.slice(2).replaceAll('-', '_');
        const problem = setSetting(defaultSettings(), flag, name, value);
        if (problem !== null) problems.push(problem);
        else overrides.push((settings) => void setSetting(settings, flag, name, value));
      }
    }
  }
  if (command === 'none' && problems.length === 0) problems.push('a command is missing');
  if (READS_DUMP.has(command) && dump === '') problems.push(`${command} wants a dump`);
  if (command === 'dump' && dump !== '' && wish.out === '') problems.push('dump wants a file to write');
  if (json && command !== 'status' && command !== 'report')
    problems.push('--json goes with status and report');
  return { ...blank(), command, json, dump, wish, configuration, overrides, problems };
}

function splitFlag(word: string): [string, string | undefined] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

function blank(): CommandLine {
  return {
    command: 'none',
    json: false,
    dump: '',
    wish: defaultWish(),
    settings: defaultSettings(),
    configuration: { path: '/etc/kcrash.conf', wanted: false },
    overrides: [],
    problems: [],
  };
}

/** The text of `kcrash --help`, made from the table of settings. */
export function usage(): string {
  const rows = SETTINGS.map((row) => {
    const preset = row.default === true ? 'yes' : row.default === false ? 'no' : String(row.default);
    return `  --${row.name.replaceAll('_', '-')} VALUE\n      ${row.meaning}\n      (${allowed(row.kind)}; default: ${preset === '' ? 'empty' : preset})`;
  });
  return `kcrash arms this machine against kernel crashes, and keeps what a crash leaves.

  kcrash arm [--no-lock]     load the capture kernel, once, early in the boot; then lock kexec
  kcrash collect             in the capture kernel: keep log, reasons and dump, then reboot;
                             in a normal boot: nothing, exit 0
  kcrash status [--json]     would this machine give a dump if it crashed now? exit 0 yes, 1 no
  kcrash report DUMP [--json]
                             what a dump tells of the crash
  kcrash log DUMP            the crashed kernel's log from a dump
  ${dumpUsage}
  kcrash --version | --help

Settings, in /etc/kcrash.conf (or --config FILE) as \`persist_path = /persist\`, or as flags:
${rows.join('\n')}`;
}
