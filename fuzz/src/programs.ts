import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { makeCase } from './case.ts';
import { damagedLog } from './damage_log.ts';
import { baseName } from './dumps.ts';
import { caseSeed, Random } from './random.ts';
import type { DamagedReading, Job, Reading, Subject } from './run_cases.ts';
import { makeSample, type Sample } from './sample.ts';

/** The programs that are run, and a folder for what they read. */
export interface Programs {
  readonly device: string;
  readonly workstation: string;
  readonly folder: string;
}

interface Command {
  readonly program: 'device' | 'workstation';
  readonly words: readonly string[];
}

/** Among a command's words: a file to write. */
const OUT = 'OUT';
/** Exit statuses besides 0: it failed, and for want of room. */
const REFUSALS: readonly (number | null)[] = [1, 3];

const DUMP_COMMANDS: readonly Command[] = [
  { program: 'device', words: ['report'] },
  { program: 'device', words: ['report', '--json'] },
  { program: 'device', words: ['log'] },
  { program: 'device', words: ['dump', OUT, '--budget-mib', '4'] },
  ...['report', 'log', 'info', 'ps', 'bt -a', 'mod'].map((words): Command => {
    return { program: 'workstation', words: [...words.split(' '), '--json'] };
  }),
];
const TITLE: Command = { program: 'workstation', words: ['title', '--json'] };
/** Of a hundred cases so many are of logs. */
const LOG_PERCENT = 15;

/** The device's program may take 48 MiB for a report; this is 256 MiB more. It maps hardly more than it uses. */
const DEVICE_KIBIBYTES = (48 + 256) << 10;
const HANG_SECONDS = 20;
/** A program that waits for something takes no CPU time. */
const ASLEEP_MILLISECONDS = 300_000;
const MOST_OUTPUT = 256 << 20;
/** What a terminal could take for a command, but for tabs and ends of lines. */
const CONTROL = /(?![\t\n])\p{Cc}/u;

/** Damaged files, read by the programs that are shipped, each in a process of its own. */
export function programSubject(programs: Programs, job: Job): Subject {
  const file = join(programs.folder, `case-${process.pid}`);
  const dumps: Sample[] = [];
  const paths = new Map<Sample, string>();
  const logs: { name: string; path: string; text: string }[] = [];
  for (const [path = '', ...more] of job.samples) {
    const name = baseName(path);
    if (/\.(log|txt)$/.test(name)) logs.push({ name, path, text: readFileSync(path, 'latin1') });
    // Its other files are for those who can name several: the library.
    if (/\.(log|txt)$/.test(name) || more.length > 0) continue;
    const sample = makeSample(name, [new FileSource(path)]);
    dumps.push(sample);
    paths.set(sample, path);
  }
  const reading = (command: Command, name: string, path: string, prepare: () => void): Reading => ({
    sample: `${command.program} ${command.words.join(' ')}: ${name}`,
    read: () => {
      prepare();
      return runProgram(programs, command, path);
    },
  });
  const asIs = () => undefined;
  return {
    samples: [],
    makeCase: (number): DamagedReading => {
      const random = new Random(caseSeed(job.seed, number) ^ 1);
      if (logs.length > 0 && (dumps.length === 0 || random.chance(LOG_PERCENT))) {
        const log = random.pick(logs);
        const others = logs.map(({ text }) => text);
        const { text, damage } = damagedLog(log.text, others, random);
        const write = () => writeFileSync(file, text, 'latin1');
        const undamaged = reading(TITLE, log.name, log.path, asIs);
        return { ...reading(TITLE, log.name, file, write), damage, undamaged };
      }
      const command = random.pick(DUMP_COMMANDS);
      const { sample, files, damage } = makeCase(dumps, job.seed, number);
      const write = () => writeSource(file, files[0] as ByteSource);
      const undamaged = reading(command, sample.name, paths.get(sample) ?? '', asIs);
      return { ...reading(command, sample.name, file, write), damage, undamaged };
    },
  };
}

function writeSource(path: string, source: ByteSource): void {
  const file = openSync(path, 'w');
  try {
    const piece = 1 << 20;
    for (let at = 0; at < source.size; at += piece) {
      writeSync(file, source.read(at, Math.min(piece, source.size - at)));
    }
  } finally {
    closeSync(file);
  }
}

/** Runs a program to its end. Throws for any end but the documented ones. */
function runProgram(programs: Programs, { program, words }: Command, path: string): string {
  const limits = [`ulimit -t ${HANG_SECONDS}`];
  // Node maps far more than it uses: what the workstation's program takes is measured in other targets.
  if (program === 'device') limits.push(`ulimit -v ${DEVICE_KIBIBYTES}`);
  const [command = '', ...more] = words;
  const rest = more.map((word) => (word === OUT ? join(programs.folder, `written-${process.pid}`) : word));
  const { status, signal, stdout, stderr, error } = spawnSync(
    'sh',
    ['-c', `${limits.join(' && ')} && exec "$@"`, 'sh', programs[program], command, path, ...rest],
    { maxBuffer: MOST_OUTPUT, timeout: ASLEEP_MILLISECONDS, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  if (error !== undefined) throw error;
  const [out, complaint] = [stdout.toString('utf8'), stderr.toString('utf8')];
  const refused = REFUSALS.includes(status);
  if (status !== 0 && !refused) throw new Error(`Ended with ${signal ?? status}: ${complaint}`);
  if (refused && !complaint.startsWith('kcrash: ')) throw new Error(`Ended with ${status}: ${complaint}`);
  if (/^ +at /m.test(complaint)) throw new Error(`Told of itself: ${complaint}`);
  if (status === 0 && words.includes('--json')) checkJson(out);
  for (const text of [out, complaint]) {
    const found = CONTROL.exec(text);
    if (found !== null) {
      const around = text.slice(Math.max(0, found.index - 40), found.index + 40);
      throw new Error(`Printed a control character: ${JSON.stringify(around)}`);
    }
  }
  return status === 0 ? 'told' : 'refused';
}

/** One JSON value, or one a line. */
function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    for (const line of text.split('\n')) if (line !== '') JSON.parse(line);
  }
}
