import type { Answers } from './answers.ts';

/** A task by the guest's own word. */
export interface GuestTask {
  readonly pid: number;
  /** Lines of `status` by their name. */
  readonly status: ReadonlyMap<string, string>;
  /** Fields of `stat`, by their number in proc(5): `[3]` is the state. */
  readonly stat: readonly string[];
  /** Lines of `stack`, such as `pipe_read+0x2f9/0x4a0`, innermost first. */
  readonly stack: readonly string[];
  /** Undefined where the guest was not asked. */
  readonly commandLine: Buffer | undefined;
  /** Links such as `net:[4026531840]` by their name in `ns/`; none where the guest was not asked. */
  readonly namespaces: ReadonlyMap<string, string>;
}

const TASK_FILE = /^\/proc\/\d+\/task\/(\d+)\/(.+)$/;

/** All tasks that the guest told of. Throws where one lacks its `status`, `stat` or `stack`. */
export function guestTasks(answers: Answers): GuestTask[] {
  const folders = new Map<string, string[]>();
  for (const path of answers.paths) {
    const match = TASK_FILE.exec(path);
    if (match === null) continue;
    const [, , name = ''] = match;
    const folder = path.slice(0, -name.length);
    const names = folders.get(folder) ?? [];
    names.push(name);
    folders.set(folder, names);
  }
  return [...folders].map(([folder, names]) => guestTask(answers, folder, names));
}

function guestTask(answers: Answers, folder: string, names: readonly string[]): GuestTask {
  const namespaces = names.filter((name) => name.startsWith('ns/'));
  const stat = statFields(answers.text(`${folder}stat`));
  return {
    pid: Number(stat[1]),
    status: statusLines(answers.text(`${folder}status`)),
    stat,
    stack: answers.lines(`${folder}stack`).map((line) => line.replace('[<0>] ', '')),
    commandLine: answers.bytes(`${folder}cmdline`),
    namespaces: new Map(namespaces.map((name) => [name.slice(3), answers.text(folder + name)])),
  };
}

/** Reads `status`; names are unescaped, since they may hold any bytes. */
export function statusLines(text: string): Map<string, string> {
  const lines = text.split('\n').flatMap((line): [string, string][] => {
    const match = /^(\w+):\s?(.*)$/.exec(line);
    return match === null ? [] : [[match[1] ?? '', match[2] ?? '']];
  });
  const status = new Map(lines);
  const name = status.get('Name');
  if (name !== undefined) status.set('Name', unescapeName(name));
  return status;
}

function unescapeName(name: string): string {
  return name.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** Reads `stat`, whose second field may hold spaces and parentheses. */
export function statFields(text: string): string[] {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const before = text.slice(0, open).trim();
  const behind = text
    .slice(close + 1)
    .trim()
    .split(' ');
  return ['', before, text.slice(open + 1, close), ...behind];
}

/** How often the task gave up its CPU, and how often it was made to: the same as long as it does not run. */
export function switches({ status }: GuestTask): string {
  return `${status.get('voluntary_ctxt_switches')} ${status.get('nonvoluntary_ctxt_switches')}`;
}
