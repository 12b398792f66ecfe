import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { pathText, readPath } from './dentry.ts';
import { bitsOf } from './percpu.ts';

/** A file that a task has open: C `struct file`, a line of /proc/PID/fd. */
export interface OpenFile {
  readonly descriptor: number;
  readonly address: VirtualAddress;
  /** As in /proc/PID/fd, as far as memory tells: `/dev/null`, `pipe:[123]`, `anon_inode:[eventpoll]`. */
  readonly name: string;
  /** Offset in bytes of the next read or write (`f_pos`). */
  readonly position: number;
  /** `O_…` of the open call (`f_flags`). */
  readonly flags: number;
}

/** What a task has open, and where it is in the tree of files. */
export interface TaskFiles {
  readonly files: readonly OpenFile[];
  /** Working directory and root; undefined where the dump does not tell. */
  readonly directory: string | undefined;
  readonly root: string | undefined;
  readonly problems: readonly string[];
}

const TASK = { files: field.pointer('files'), fs: field.pointer('fs') };
const TABLE = { size: field.number('max_fds'), files: field.pointer('fd'), open: field.pointer('open_fds') };
const FILE = {
  inode: field.pointer('f_inode'),
  position: field.big('f_pos'),
  flags: field.number('f_flags'),
  path: field.address('f_path'),
};
const DENTRY = { name: field.pointer('d_name.name') };
const INODE = { mode: field.number('i_mode'), number: field.big('i_ino') };

/** Open files of one task that are looked at; the kernel's own limit is 1,048,576 unless it is raised. */
const MOST_FILES = 1 << 16;

/** `S_IFMT` of `i_mode`, and what /proc shows for a file of that kind without a path. */
const FORMAT = 0o170000;
const KINDS: ReadonlyMap<number, string> = new Map([
  [0o140000, 'socket'],
  [0o010000, 'pipe'],
]);

/** What a task (C `struct task_struct *`) has open. What cannot be read is left out, with a problem. Throws `io`. */
export function readTaskFiles(dump: Dump, task: VirtualAddress): TaskFiles {
  const problems: string[] = [];
  const found = attempt(problems, 'Files', () => dump.reader('task_struct', TASK)(task));
  const fs = found?.fs ?? 0n;
  const place = (member: string) =>
    fs === 0n
      ? undefined
      : attempt(problems, `Directory ${member}`, () => {
          const at = addTo(fs as VirtualAddress, dump.types.offsetof('fs_struct', member));
          return pathText(dump, readPath(dump, at), undefined).text;
        });
  const files = found === undefined || found.files === 0n ? [] : openFiles(dump, found.files, problems);
  return { files, directory: place('pwd'), root: place('root'), problems };
}

function openFiles(dump: Dump, table: VirtualAddress, problems: string[]): OpenFile[] {
  const files: OpenFile[] = [];
  attempt(problems, 'Open files', () => {
    const at = dump.memory.pointer(addTo(table, dump.types.offsetof('files_struct', 'fdt')));
    const { size, files: pointers, open } = dump.reader('fdtable', TABLE)(at);
    const bitmap = dump.memory.read(open, Math.ceil(Math.min(size, MOST_FILES) / 64) * 8);
    if (size > MOST_FILES)
      problems.push(`Open files: the table has ${size}, of which ${MOST_FILES} are read`);
    for (const descriptor of bitsOf(bitmap, Math.min(size, MOST_FILES))) {
      const file = attempt(problems, `File ${descriptor}`, () => {
        const address = dump.memory.pointer(addTo(pointers, descriptor * 8));
        // A descriptor that is taken, whose file is being opened.
        return address === 0n ? undefined : openFile(dump, descriptor, address);
      });
      if (file !== undefined) files.push(file);
    }
  });
  return files;
}

function openFile(dump: Dump, descriptor: number, address: VirtualAddress): OpenFile {
  const { inode, position, flags, path } = dump.reader('file', FILE)(address);
  const { mode, number } = dump.reader('inode', INODE)(inode);
  const kind = KINDS.get(mode & FORMAT);
  const at = readPath(dump, path);
  const { text, reachable } = pathText(dump, at, undefined);
  // What hangs on no directory is the root of nothing but itself.
  const alone = text === '/' && !reachable;
  const name = kind !== undefined && alone ? `${kind}:[${number}]` : alone ? ownName(dump, at.dentry) : text;
  return { descriptor, address, name, position: Number(position), flags };
}

/** The name of a dentry without a parent: `anon_inode:[eventfd]`, `memfd:name`. */
function ownName(dump: Dump, dentry: VirtualAddress): string {
  const { name } = dump.reader('dentry', DENTRY)(dentry);
  const text = dump.memory.cString(name, 256);
  return text.startsWith('[') ? `anon_inode:${text}` : text;
}
