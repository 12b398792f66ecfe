import { readFileSync } from 'node:fs';
import { jsonLine } from '@kcrash/report/json_text';
import { hexAddress } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';
import { heldPages, isBlank, isScrubbed } from '@kcrash/vmcore/pages/census';
import { type ClassifiedPages, classifyPages } from '@kcrash/vmcore/pages/classify';
import { classAt } from '@kcrash/vmcore/pages/page_class';
import { eachSecret } from '@kcrash/vmcore/pages/secrets';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io, Output } from '../output.ts';
import { type Column, tableLines } from '../table.ts';

interface Options extends DumpOptions {
  readonly needle?: readonly string[];
}

/** What was found of one class of pages. */
interface Found {
  readonly class: string;
  readonly owner: string;
  readonly held: number;
  /** Pages that are not just zeros. */
  readonly withData: number;
  /** Pages in which a needle begins, and where the first of them do. */
  readonly needles: number;
  readonly needlesAt: readonly string[];
}

const COLUMNS: readonly Column[] = [
  { title: 'CLASS', align: 'left' },
  { title: 'OWNER', align: 'left' },
  { title: 'IN DUMP', align: 'right' },
  { title: 'NOT ZERO', align: 'right' },
  { title: 'NEEDLE', align: 'right' },
];

/** Addresses of needles that are told for each class. */
const MOST_TOLD = 8;

/** `kcrash audit DUMP`: proves whether a dump holds what users wrote; exits with 1 if it does. */
export function addAuditCommand(program: Command, io: Io): void {
  const { out, err } = io;
  dumpCommand(program, 'audit', 'find what a dump holds of its users’ data; exits with 1 if it holds any')
    .option(
      '-n, --needle <text|file>',
      'also search for a text, or for what a file holds; may be repeated',
      append,
    )
    .action((file: string, options: Options) => {
      const dump = openDumpFile(file, options);
      const pages = classified(dump, err);
      const needles = (options.needle ?? []).map((needle) => needleBytes(needle, dump.physical.pageSize));
      const found = search(dump, pages, needles);
      const secrets = pages === undefined ? [] : secretsIn(dump, pages);
      const leaks =
        found.some(({ withData, needles: hits, owner }) => hits > 0 || (isUsers(owner) && withData > 0)) ||
        secrets.some(({ ranges }) => ranges > 0);
      if (leaks) io.status = 1;
      if (options.json) {
        out.write(jsonLine({ leaks, classes: found, secrets, findings: pages?.findings ?? [] }));
        return;
      }
      print(out, found, secrets, leaks);
    });
}

function append(needle: string, needles: readonly string[] = []): string[] {
  return [...needles, needle];
}

/** Undefined for a kernel that does not tell how its pages are used: needles can be searched all the same. */
function classified(dump: Dump, err: Output): ClassifiedPages | undefined {
  try {
    return classifyPages(dump);
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
    err.line(`kcrash: the pages have no classes: ${error.message}`);
    return undefined;
  }
}

/** A text, or the content of the file of that name, without the newline at its end. */
function needleBytes(needle: string, most: number): Uint8Array {
  const bytes = readNeedle(needle);
  if (bytes.length > 0 && bytes.length <= most) return bytes;
  throw new Failure(`A needle of ${bytes.length} bytes cannot be searched`, `Give 1 to ${most} bytes.`, 2);
}

function readNeedle(needle: string): Uint8Array {
  try {
    const bytes = readFileSync(needle);
    return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  } catch {
    return Buffer.from(needle);
  }
}

function search(dump: Dump, pages: ClassifiedPages | undefined, needles: readonly Uint8Array[]): Found[] {
  const held = new Map<number, { held: number; withData: number; needles: number; at: string[] }>();
  const { pageSize } = dump.physical;
  // What begins at the end of a page and runs into the next frame.
  const longest = Math.max(0, ...needles.map(({ length }) => length - 1));
  let tail = Buffer.alloc(0);
  let last = { frame: -2, index: 0 };
  for (const { frame, page, index } of heldPages(dump.physical, pages?.classes)) {
    const entry = held.get(index) ?? { held: 0, withData: 0, needles: 0, at: [] };
    held.set(index, entry);
    entry.held += 1;
    if (!isBlank(page)) entry.withData += 1;
    const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
    if (last.frame + 1 === frame && tail.length > 0) {
      const seam = Buffer.concat([tail, bytes.subarray(0, longest)]);
      const start = frame * pageSize - tail.length;
      note(held.get(last.index) ?? entry, hitIn(seam, needles, tail.length), start);
    }
    note(entry, hitIn(bytes, needles, bytes.length), frame * pageSize);
    tail = Buffer.from(bytes.subarray(bytes.length - longest));
    last = { frame, index };
  }
  return [...held]
    .sort(([a], [b]) => a - b)
    .map(([index, { at, ...counts }]) => ({
      class: classAt(index).name,
      owner: classAt(index).owner,
      ...counts,
      needlesAt: at,
    }));
}

/** Where the first needle lies that begins in the first `most` bytes. */
function hitIn(bytes: Buffer, needles: readonly Uint8Array[], most: number): number {
  for (const needle of needles) {
    const at = bytes.indexOf(needle);
    if (at >= 0 && at < most) return at;
  }
  return -1;
}

function note(entry: { needles: number; at: string[] }, at: number, start: number): void {
  if (at < 0) return;
  entry.needles += 1;
  if (entry.at.length < MOST_TOLD) entry.at.push(hexAddress(BigInt(start + at)));
}

function isUsers(owner: string): boolean {
  return owner === 'user' || owner === 'stale';
}

interface Secrets {
  readonly owner: string;
  /** Ranges of bytes that the dump has and that were not overwritten. */
  readonly ranges: number;
  readonly bytes: number;
}

/** What users wrote inside pages of the kernel. */
function secretsIn(dump: Dump, pages: ClassifiedPages): Secrets[] {
  const owners = new Map<string, { ranges: number; bytes: number }>();
  eachSecret(pages, (owner, start, length) => {
    const entry = owners.get(owner) ?? { ranges: 0, bytes: 0 };
    owners.set(owner, entry);
    const bytes = dump.memory.tryRead(pages.map.virtual(start), length);
    if (bytes === undefined || isScrubbed(bytes)) return;
    entry.ranges += 1;
    entry.bytes += length;
  });
  return [...owners].map(([owner, counts]) => ({ owner, ...counts }));
}

function print(out: Output, found: readonly Found[], secrets: readonly Secrets[], leaks: boolean): void {
  const rows = found.map((entry) => [
    entry.class,
    entry.owner,
    String(entry.held),
    String(entry.withData),
    String(entry.needles),
  ]);
  const [title = '', ...lines] = tableLines(COLUMNS, rows);
  out.line(title);
  for (const [n, line] of lines.entries()) {
    const entry = found[n];
    const bad = entry !== undefined && (entry.needles > 0 || (isUsers(entry.owner) && entry.withData > 0));
    out.line(bad ? out.style('red', line) : line);
  }
  for (const { class: name, needlesAt } of found) {
    if (needlesAt.length > 0) out.line(`A needle in ${name}: physical ${needlesAt.join(', ')}`);
  }
  for (const { owner, ranges, bytes } of secrets) {
    if (ranges > 0) out.line(`Inside pages of the kernel: ${owner}, ${ranges} pieces of ${bytes} bytes`);
  }
  out.line(leaks ? 'The dump holds data of users.' : 'No data of users was found.');
}
