import { type Port, PortError } from './port.ts';

/** What the agent can be told, in `/etc/kcrash.conf` and by flags. A name with a quantity ends in its unit. */
export interface Settings {
  persist_path: string;
  kernel_path: string;
  capture_append: string;
  lock: boolean;
  kexec_path: string;
  makedumpfile_path: string;
  engine: 'native' | 'makedumpfile';
  dump_level: number;
  dump_budget_mib: number;
  free_floor_mib: number;
  free_floor_percent: number;
  keep_crashes_count: number;
  dmesg_limit_seconds: number;
  dump_limit_seconds: number;
  file_limit_seconds: number;
  console_limit_seconds: number;
  console_line_milliseconds: number;
  unmount_limit_seconds: number;
}

type Kind =
  | { readonly is: 'path' }
  | { readonly is: 'program' }
  | { readonly is: 'text' }
  | { readonly is: 'yes-no' }
  | { readonly is: 'choice'; readonly of: readonly string[] }
  | { readonly is: 'number'; readonly from: number; readonly to: number };

/** One row of the table of settings. */
export interface SettingRow<Name extends keyof Settings = keyof Settings> {
  readonly name: Name;
  readonly default: Settings[Name];
  readonly kind: Kind;
  readonly meaning: string;
}

function row<Name extends keyof Settings>(
  name: Name,
  preset: Settings[Name],
  kind: Kind,
  meaning: string,
): SettingRow<Name> {
  return { name, default: preset, kind, meaning };
}

const path: Kind = { is: 'path' };
const program: Kind = { is: 'program' };
const number = (from: number, to: number): Kind => ({ is: 'number', from, to });

/** Every setting. The defaults are EVE-OS's values where it has one. */
export const SETTINGS: readonly SettingRow[] = [
  row(
    'persist_path',
    '/persist',
    path,
    'the file system that survives a reboot; crashes go to its kcrashes folder',
  ),
  row(
    'kernel_path',
    '',
    path,
    'kernel to load for the capture; empty: /boot/kernel, or the file of the running release',
  ),
  row(
    'capture_append',
    'irqpoll nr_cpus=1 reset_devices nomodule',
    { is: 'text' },
    "what the capture kernel gets on its command line besides the running kernel's own",
  ),
  row('lock', true, { is: 'yes-no' }, 'whether arm ends by forbidding further kexec loads'),
  row('kexec_path', 'kexec', program, 'the kexec program (kexec-tools)'),
  row('makedumpfile_path', 'makedumpfile', program, 'the makedumpfile program'),
  row(
    'engine',
    'native',
    { is: 'choice', of: ['native', 'makedumpfile'] },
    'what writes the dump; where native cannot, makedumpfile does',
  ),
  row(
    'dump_level',
    31,
    number(0, 31),
    'pages that makedumpfile leaves out: 1 zero, 2 cache, 4 private cache, 8 user, 16 free, added up',
  ),
  row('dump_budget_mib', 1024, number(1, 1_048_576), 'a dump never grows beyond this'),
  row('free_floor_mib', 4096, number(0, 1_048_576), 'what a dump must leave free on persist: at least this,'),
  row('free_floor_percent', 10, number(0, 90), 'and at least this part of the file system'),
  row('keep_crashes_count', 5, number(1, 1000), 'crashes that stay; the oldest beyond this go'),
  row(
    'dmesg_limit_seconds',
    60,
    number(1, 3600),
    "time limit for each way of reading the crashed kernel's log",
  ),
  row('dump_limit_seconds', 900, number(1, 86_400), 'time limit for each way of writing the dump'),
  row('file_limit_seconds', 30, number(1, 3600), 'time limit for writing one of the small files'),
  row('console_limit_seconds', 60, number(1, 3600), 'time limit for showing the panic on the consoles'),
  row(
    'console_line_milliseconds',
    0,
    number(0, 10_000),
    'pause after each line of the panic on the consoles, for a BMC that records few frames (EVE: 200)',
  ),
  row('unmount_limit_seconds', 30, number(1, 3600), 'time limit for unmounting persist, and for sync'),
];

/** All settings at their defaults. */
export function defaultSettings(): Settings {
  return Object.fromEntries(SETTINGS.map((row) => [row.name, row.default])) as unknown as Settings;
}

/** What a setting may be, in words. */
export function allowed(kind: Kind): string {
  switch (kind.is) {
    case 'path':
      return 'an absolute path';
    case 'program':
      return 'an absolute path, or the name of a program in PATH';
    case 'text':
      return 'any text';
    case 'yes-no':
      return 'yes or no';
    case 'choice':
      return kind.of.join(' or ');
    case 'number':
      return `a whole number from ${kind.from} to ${kind.to}`;
  }
}

type Parsed = { readonly ok: true; readonly value: string | number | boolean } | { readonly ok: false };

function parseValue(kind: Kind, text: string): Parsed {
  switch (kind.is) {
    case 'path':
      return text === '' || text.startsWith('/') ? { ok: true, value: text } : { ok: false };
    case 'program':
      return /^(\/.*|[\w.+-]+)$/.test(text) ? { ok: true, value: text } : { ok: false };
    case 'text':
      return { ok: true, value: text };
    case 'yes-no':
      return text === 'yes' || text === 'no' ? { ok: true, value: text === 'yes' } : { ok: false };
    case 'choice':
      return kind.of.includes(text) ? { ok: true, value: text } : { ok: false };
    case 'number': {
      const value = Number(text);
      const fits = /^\d{1,9}$/.test(text) && value >= kind.from && value <= kind.to;
      return fits ? { ok: true, value } : { ok: false };
    }
  }
}

/**
 * Sets one setting by its name. Returns null, or the sentence that says what is wrong; the setting then
 * keeps the value it had. `where` names the file and line, or the command line.
 */
export function setSetting(settings: Settings, where: string, name: string, text: string): string | null {
  const found = SETTINGS.find((row) => row.name === name);
  if (found === undefined) {
    const names = SETTINGS.map((row) => row.name).join(', ');
    return `${where}: ${name} = ${text}: there is no setting ${name}; the settings are ${names}`;
  }
  const parsed = parseValue(found.kind, text);
  if (!parsed.ok) return `${where}: ${name} = ${text}: allowed is ${allowed(found.kind)}`;
  Object.assign(settings, { [name]: parsed.value });
  return null;
}

/** Reads the text of a configuration file into `settings`; returns what was wrong with it, line by line. */
export function applyConfiguration(settings: Settings, file: string, text: string): string[] {
  const problems: string[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/^\s*#.*|\s#.*$/, '').trim();
    if (line === '') return;
    const where = `${file}:${index + 1}`;
    const match = /^([\w-]+)\s*=\s*(.*)$/.exec(line);
    if (match === null) {
      problems.push(`${where}: ${line}: a line is \`name = value\` or a comment that starts with #`);
      return;
    }
    const problem = setSetting(settings, where, match[1] ?? '', (match[2] ?? '').replace(/^"(.*)"$/, '$1'));
    if (problem !== null) problems.push(problem);
  });
  return problems;
}

/** Loads a configuration file; a file that is not there is an empty one unless it was `wanted`. */
export function loadConfiguration(port: Port, settings: Settings, file: string, wanted: boolean): string[] {
  try {
    const bytes = port.readFile(file);
    return applyConfiguration(settings, file, String.fromCharCode(...bytes));
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    if (error.code === 'ENOENT' && !wanted) return [];
    return [`${file}: cannot be read: ${error.code}`];
  }
}
