import type { Checks } from './checks.ts';
import {
  checkBootReason,
  checkConsole,
  checkDmesg,
  checkDump,
  checkRebootStack,
  type Shown,
} from './contract.ts';
import type { Ext4Files } from './ext4.ts';
import { checkArmed, linesOf } from './guest_words.ts';
import { type DumpFacts, readDump } from './kdump.ts';
import type { CycleRun, ScenarioRun } from './scenario.ts';

/** What a crash must have left. */
export interface Expected {
  /** The first line that the capture kernel shows between the marks. */
  readonly starts: RegExp;
  /** What the log says of the crash. */
  readonly panic: RegExp;
  /** What the summary must say of it. Default: the same. */
  readonly summary?: RegExp;
  /** Default `whole`. */
  readonly dump?: 'whole' | 'cut' | 'none';
  /** `absent`: nothing could be read, and reboot-reason must say why. Default `whole`. */
  readonly dmesg?: 'whole' | 'absent';
  /** How much of the crashed kernel's log the serial console showed. Default `all`. */
  readonly shown?: Shown;
  /** Crashes kept in all. Default 1. */
  readonly kept?: number;
  /** Whether this cycle's system boot was armed in the ordinary way. Default true. */
  readonly armed?: boolean;
  /** What else lies in persist's root. */
  readonly others?: readonly string[];
  /** Whether the machine restarted by itself; false where its power was cut, which may leave a `.part`. */
  readonly restarts?: boolean;
  /** Whether persist was unmounted before. Default: whether the machine restarted by itself. */
  readonly unmounted?: boolean;
  /** Where the files are; default: persist's own file system. */
  readonly on?: Ext4Files;
}

export interface Collected {
  /** As in the names of its files. */
  readonly date: string;
  readonly dmesg: string | undefined;
  readonly dump: DumpFacts | undefined;
}

const DATE = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d`;
const NAME = new RegExp(`^/kcrashes/(?:dmesg-(${DATE})\\.log|kdump-(${DATE})\\.dump)$`);
/** A temporary name. */
const PART = /\/\.[^/]*\.part$/;
const CONTRACT_FILES = ['/boot-reason', '/kcrashes', '/reboot-reason', '/reboot-stack'];

/** The dates of the crashes in persist, oldest first; complains of anything in the folder that is none. */
export function crashDates(persist: Ext4Files, checks: Checks, partsMayStay = false): string[] {
  const dates = new Set<string>();
  for (const { path } of persist.in('/kcrashes')) {
    const match = NAME.exec(path);
    const date = match?.[1] ?? match?.[2];
    if (partsMayStay && PART.test(path)) continue;
    if (date === undefined)
      checks.at(path).fail('a name such as dmesg-<date>.log or kdump-<date>.dump', path);
    else dates.add(date);
  }
  return [...dates].sort();
}

/**
 * Checks every file that the contract names after a crash, what the consoles showed and how the machine
 * restarted. `index` is the cycle's; its crash must be the newest in persist.
 */
export async function checkCollected(
  run: ScenarioRun,
  index: number,
  all: Checks,
  expected: Expected,
): Promise<Collected | undefined> {
  const checks = all.at(`cycle ${index + 1}`);
  const cycle = run.cycles[index];
  if (cycle === undefined) {
    checks.fail('a power cycle that ran', 'none');
    return undefined;
  }
  const { restarts = true } = expected;
  const persist = expected.on ?? cycle.persist;
  if (expected.armed ?? true) checkArmed(cycle, checks);
  if (restarts) checkRestart(cycle, checks, expected.unmounted ?? true);
  const others = [...CONTRACT_FILES, ...(expected.others ?? [])].sort();
  checks.at('persist').same(
    persist
      .in('/')
      .map(({ path }) => path)
      .sort(),
    others,
  );
  checks.at("persist's file system").equal(await persist.problems(), undefined);

  const dates = crashDates(persist, checks.at('/kcrashes'), !restarts);
  checks.at('crashes in /kcrashes').equal(dates.length, expected.kept ?? 1);
  const view = { ...cycle, persist };
  const date = dates.at(-1);
  if (date === undefined) return undefined;

  const dump = checkDumpOf(run, view, date, expected.dump ?? 'whole', checks);
  const dmesg = checkDmesgOf(view, date, expected, checks);
  checkReasons(view, date, dmesg !== undefined, dump !== undefined, checks);
  checkRebootStack(view, dmesg, expected.summary ?? expected.panic, checks.at('/reboot-stack'));
  checkBootReason(view, dump, checks.at('/boot-reason'));
  if (dmesg !== undefined) checkConsole(cycle, dmesg, expected.starts, checks.at('capture console'));
  return { date, dmesg, dump };
}

/** The capture boot must have unmounted persist and restarted the machine by sysrq. */
export function checkRestart(cycle: CycleRun, checks: Checks, unmounted = true): void {
  checks.at('kernels that ran').equal(cycle.boots.map(({ kind }) => kind).at(-1), 'capture');
  const capture = linesOf(cycle, 'capture').join('\n');
  checks.at('capture console').matches(capture, /sysrq: Resetting/);
  checks.at('capture console').lacks(capture, /lab: collect returned.*|^\[ *\d+\.\d+\] Kernel panic.*/m);
  if (unmounted) checks.at("persist's journal, to be replayed").equal(cycle.persistNeededReplay, false);
}

function checkDmesgOf(cycle: CycleRun, date: string, expected: Expected, checks: Checks): string | undefined {
  const path = `/kcrashes/dmesg-${date}.log`;
  if (expected.dmesg === 'absent') {
    checks.at(path).equal(cycle.persist.find(path), undefined);
    return undefined;
  }
  if (!checks.at(path).that(cycle.persist.find(path) !== undefined, 'a file', 'none')) return undefined;
  const text = cycle.persist.text(path);
  checkDmesg(cycle, text, expected.panic, expected.shown ?? 'all', checks.at(path));
  return text;
}

function checkDumpOf(
  run: ScenarioRun,
  cycle: CycleRun,
  date: string,
  wanted: 'whole' | 'cut' | 'none',
  all: Checks,
): DumpFacts | undefined {
  const path = `/kcrashes/kdump-${date}.dump`;
  const checks = all.at(path);
  const entry = cycle.persist.find(path);
  if (wanted === 'none') {
    checks.equal(entry?.path, undefined);
    return undefined;
  }
  if (!checks.that(entry !== undefined, 'a file', 'none')) return undefined;
  checks.at('mode').equal(entry?.mode.toString(8), '600');
  try {
    const facts = readDump(cycle.persist.read(path));
    checkDump(run, cycle, facts, wanted === 'whole', checks);
    return facts;
  } catch (error) {
    checks.fail('a dump that can be read', error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function checkReasons(cycle: CycleRun, date: string, dmesg: boolean, dump: boolean, checks: Checks): void {
  const path = '/reboot-reason';
  if (!checks.at(path).that(cycle.persist.find(path) !== undefined, 'a file', 'none')) return;
  const found = cycle.persist.text(path);
  if (dump) {
    checks.at(path).equal(found, `kernel panic, kdump collected: /persist/kcrashes/kdump-${date}.dump\n`);
  } else if (dmesg) {
    checks.at(path).equal(found, `kernel panic, dmesg collected: /persist/kcrashes/dmesg-${date}.log\n`);
  } else {
    checks.at(path).matches(found, /^kernel panic, dmesg not collected: [^\n]+\n$/);
  }
}
