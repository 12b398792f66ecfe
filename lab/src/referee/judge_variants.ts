import { rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DumpCodec } from '../kdump.ts';
import { type CrashSession, crashSession } from './crash_session.ts';
import { eveFolder, eveTar, needRoom } from './debug_info.ts';
import type { JudgedDump } from './dumps.ts';
import { type Finding, FindingBuilder } from './finding.ts';
import { crashFindings, opened, type Protocol } from './judge_dump.ts';
import type { Referees } from './tools.ts';
import { codecsAtHand, cutDump, doctorDump, OWN_CODECS, recompress, rewrite } from './variants.ts';

/** What every judgement of a variant needs. */
export interface Judging {
  readonly dump: JudgedDump;
  readonly vmlinux: string;
  readonly referees: Referees;
  readonly protocol: Protocol;
  readonly scratch: string;
}

const CUT_BYTES = 65_536;
const CUT_SHARE = 0.9;
/** A vmlinux in a tar, and the copy that kcrash unpacks. */
const TAR_ROOM_BYTES = 1.5e9;

/** `kcrash crash --debug` with EVE's folder and tar instead of a file, and with debug info that does not fit. */
export async function judgeDebugPlaces(judging: Judging): Promise<void> {
  const { dump, vmlinux, scratch } = judging;
  needRoom(tmpdir(), TAR_ROOM_BYTES);
  const folder = eveFolder(scratch, dump.release, vmlinux);
  await judgePlace(judging, '--debug FOLDER', folder);
  const tar = await eveTar(folder, scratch);
  await judgePlace(judging, '--debug kernel-debug.tar', tar);
  rmSync(tar);
  const doctored = join(scratch, 'doctored.dump');
  const other = `7${dump.release.slice(1)}`;
  doctorDump(dump.path, `OSRELEASE=${dump.release}`, `OSRELEASE=${other}`, doctored);
  const refusal = `is of another kernel: it has ${dump.release}`;
  await judgeRefusal(judging, 'refuses another release', doctored, vmlinux, refusal);
  await judgeRefusal(judging, 'refuses another release in a folder', doctored, folder, refusal);
  doctorDump(dump.path, 'BUILD-ID=', 'BUILD-IT=', doctored);
  await judgePlace(
    { ...judging, dump: { ...dump, path: doctored } },
    'no build-id: the release decides',
    vmlinux,
  );
  await judgeOtherBuild(judging, doctored);
  rmSync(doctored);
}

function openIn(
  { referees, scratch }: Judging,
  dump: string,
  place: string,
  options: readonly string[] = [],
): Promise<CrashSession> {
  return crashSession({
    program: referees.crashProgram,
    dump,
    place,
    folder: join(scratch, 'crash'),
    options,
  });
}

async function judgePlace(judging: Judging, check: string, place: string): Promise<void> {
  const session = await openIn(judging, judging.dump.path, place);
  judgeSession(judging, check, session, judging.referees.kcrash);
}

/** Another build of the same release has another build-id; the dump's first digit is changed. */
async function judgeOtherBuild(judging: Judging, doctored: string): Promise<void> {
  const { dump, vmlinux } = judging;
  const id = /^BUILD-ID=([0-9a-f]+)$/m.exec(dump.vmcoreinfo)?.[1];
  if (id === undefined) return;
  const other = `${id.startsWith('0') ? '1' : '0'}${id.slice(1)}`;
  doctorDump(dump.path, `BUILD-ID=${id}`, `BUILD-ID=${other}`, doctored);
  const refusal = `of another build (build-id ${id}, the dump's is ${other})`;
  await judgeRefusal(judging, 'refuses another build', doctored, vmlinux, refusal);
}

async function judgeRefusal(
  judging: Judging,
  check: string,
  dump: string,
  place: string,
  words: string,
): Promise<void> {
  const session = await openIn(judging, dump, place);
  const finding = new FindingBuilder();
  finding.equal('exit status', session.status, 1);
  if (session.usage !== null) finding.differ('crash', 'that it was started', 'that it was not');
  if (!session.said.includes(words))
    finding.differ('words', JSON.stringify(session.said), JSON.stringify(words));
  judging.protocol.row(judging.dump.name, check, judging.referees.kcrash, finding, session.said);
}

/**
 * The same dump written by kcrash's own engine in each of its compressions: crash must say the same of each. Gives the
 * judging of the last of them, whose compression every makedumpfile reads: Debian 12's knows no zstd.
 */
export async function judgeWritten(judging: Judging, device: string): Promise<Judging> {
  const { dump, vmlinux, scratch, referees } = judging;
  let path = dump.path;
  for (const codec of OWN_CODECS) {
    path = join(scratch, `own-${codec}.dump`);
    await rewrite(device, dump.path, codec, path);
    const session = await openIn(judging, path, vmlinux);
    judgeSession(judging, `written by kcrash dump: ${codec}`, session, referees.crash);
  }
  return { ...judging, dump: { ...dump, path } };
}

/** The same dump in every compression that makedumpfile has here: crash must say the same of each. */
export async function judgeCodecs(judging: Judging): Promise<void> {
  for (const codec of await codecsAtHand()) await judgeCodec(judging, codec);
}

async function judgeCodec(judging: Judging, codec: DumpCodec): Promise<void> {
  const { dump, vmlinux, scratch, referees, protocol } = judging;
  const path = join(scratch, `${codec}.dump`);
  await recompress(dump.path, codec, path);
  const session = await openIn(judging, path, vmlinux);
  const bytes = statSync(path).size;
  protocol.measured(dump.name, `${codec}, ${(bytes / 1e6).toFixed(1)} MB`, referees.crash, session.usage);
  judgeSession(judging, `compressed: ${codec}`, session, referees.crash);
  rmSync(path);
}

/** Dumps that makedumpfile cut for lack of room must open, with a warning. */
export async function judgeCutDumps(judging: Judging): Promise<void> {
  const { dump, scratch } = judging;
  const { size } = statSync(dump.path);
  const path = join(scratch, 'cut.dump');
  const kib = CUT_BYTES / 1024;
  await cutDump(dump.path, size - CUT_BYTES, path);
  await judgeCut(judging, `cut by ${kib} KiB`, path, []);
  await judgeCut(judging, `cut by ${kib} KiB, --zero_excluded`, path, ['--zero_excluded']);
  await cutDump(dump.path, Math.floor(size * CUT_SHARE), path);
  await judgeCut(judging, `cut to ${100 * CUT_SHARE} %, --zero_excluded`, path, ['--zero_excluded']);
  rmSync(path);
}

async function judgeCut(judging: Judging, check: string, path: string, options: string[]): Promise<void> {
  const session = await openIn(judging, path, judging.vmlinux, options);
  const warning = /This dumpfile is incomplete/;
  const more = warning.test(session.said) ? [] : ['crash gives no warning that the dump is incomplete'];
  judgeSession(judging, check, session, judging.referees.crash, more);
}

/** One row for all that crash said: `sys`, `log` and `bt` must be right as they are of the dump itself. */
function judgeSession(
  { dump, protocol }: Judging,
  check: string,
  session: CrashSession,
  tool: string,
  more: readonly string[] = [],
): void {
  const first = opened(session);
  const found = crashFindings(session, dump);
  const parts: Finding[] = found === null ? [first] : [first, found.sys, found.log, found.bt];
  const differences = [...more, ...parts.flatMap((part) => part.differences)];
  protocol.row(dump.name, check, tool, { differences, notes: [] }, session.said);
}
