import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { isCaptureBoot, VMCORE } from './capture_boot.ts';
import { showLine, showPanic } from './console.ts';
import { crashFolder, dmesgPath, freeDate, isoSeconds, removeParts, retain } from './crash_store.ts';
import { type CrashNews, readNews, stackTail } from './crashed_kernel.ts';
import type { DumpEngine } from './dump_engine.ts';
import { dumpNews, withNews } from './dump_news.ts';
import { partOf, publish, removeIfThere, writeWhole } from './durable.ts';
import { keepDump } from './keep_dump.ts';
import { dumpDmesg, makedumpfileEngine } from './makedumpfile.ts';
import { nativeEngine } from './native_engine.ts';
import { mountOf, whyVolatile } from './persist.ts';
import { type Outcome, type Port, PortError } from './port.ts';
import { BOOT_REASON, rebootReason, rebootStack } from './reboot_files.ts';
import { restart } from './restart.ts';
import type { Settings } from './settings.ts';
import { withRoom, writeSmallFile } from './small_files.ts';
import { bytesOf } from './text.ts';
import { readVmcoreFacts, type VmcoreFacts, vmcoreLog } from './vmcore_log.ts';

/** A console that does not take a short line within this is left alone from then on. */
const NOTE_LIMIT_SECONDS = 5;
/** makedumpfile's copy of VMCOREINFO is a page or two. */
const TMP_BYTES = 4 << 20;

/** Says a line on the consoles. */
type Note = (line: string) => void;

/**
 * Collects a crash. In a normal boot: returns 0 at once and touches nothing. In a capture boot it never
 * returns: it keeps what it can, each thing whole before the next begins, and restarts the machine. Every
 * step runs apart (`Port.isolate`, `Port.run`) under a time limit; a step that fails costs itself alone.
 */
export function collect(port: Port, settings: Settings, problems: readonly string[]): number {
  if (!isCaptureBoot(port)) return 0;
  const note = notes(port);
  try {
    for (const problem of problems) note(`${problem}; the default stands`);
    collectCrash(port, settings, note);
  } catch (error) {
    // Only a defect of our own comes here. It must not keep the machine from restarting.
    if (!(error instanceof Error)) throw error;
    note(`internal error: ${error.message}`);
  }
  return restart(port, settings, note);
}

function notes(port: Port): Note {
  let heard = true;
  return (line) => {
    if (heard) heard = port.isolate(NOTE_LIMIT_SECONDS, () => showLine(port, `kcrash: ${line}`)).ok;
  };
}

function collectCrash(port: Port, settings: Settings, note: Note): void {
  calm(port);
  provideTmp(port, note);
  const onDisk = <T>(work: () => T): Outcome<T> => port.isolate(settings.file_limit_seconds, work);
  const facts = knownFacts(port, settings, note);
  const date = preparePersist(port, settings, note);
  if (date === null) {
    showNews(port, settings, newsOf(port, settings, null, facts, note), note);
    return;
  }
  const keep = (what: string, work: () => void): boolean => {
    const outcome = onDisk(work);
    if (!outcome.ok) note(`${what} not written: ${outcome.why}`);
    return outcome.ok;
  };
  const small = (name: string, texts: () => Uint8Array[], modifiedSeconds?: number) =>
    keep(name, () => {
      const options = { mode: 0o644, modifiedSeconds };
      writeSmallFile(port, settings, date, `${settings.persist_path}/${name}`, options, texts());
    });

  const dmesg = keepDmesg(port, settings, date, note);
  const news = newsOf(port, settings, dmesg.path, facts, note);
  const stack = (summary: string) =>
    small('reboot-stack', () => {
      const tail = tailOrNothing(port, dmesg.path);
      return [rebootStack(tail, summary), rebootStack(new Uint8Array(0), summary)];
    });
  stack(news.summary);
  const first = dmesg.path === null ? { nothing: dmesg.why } : { dmesg: dmesg.path };
  small('reboot-reason', () => [rebootReason(first)]);
  small('boot-reason', () => [BOOT_REASON], facts.crashSeconds ?? undefined);
  showNews(port, settings, news, note);

  const dump = keepDump(port, settings, engines(settings), date, note);
  if (dump.path !== null) {
    const path = dump.path;
    note(`dump kept: ${path}`);
    small('reboot-reason', () => [rebootReason({ dump: path })]);
  }
  const told = dumpNews(dump);
  if (told !== null) {
    for (const line of told.split('\n')) note(line);
    stack(withNews(news.summary, told));
  }
  if (dump.path !== null || dmesg.path !== null) keep('retention', () => void retain(port, settings, date));
}

/** What may write the dump, in the order in which it is tried. */
function engines(settings: Settings): DumpEngine[] {
  const makedumpfile = makedumpfileEngine(settings);
  return settings.engine === 'native' ? [nativeEngine, makedumpfile] : [makedumpfile];
}

/**
 * Makes this process the last one to be killed for memory, and turns off what would panic the capture kernel
 * for a fault of one program: such settings may come with the command line.
 */
function calm(port: Port): void {
  const writes: readonly (readonly [string, string])[] = [
    ['/proc/self/oom_score_adj', '-1000'],
    ['/proc/sys/vm/panic_on_oom', '0'],
    ['/proc/sys/kernel/panic_on_oops', '0'],
    ['/proc/sys/kernel/panic_on_warn', '0'],
    ['/proc/sys/kernel/softlockup_panic', '0'],
    ['/proc/sys/kernel/hung_task_panic', '0'],
  ];
  for (const [path, value] of writes) {
    try {
      port.writeOnce(path, bytesOf(value));
    } catch (error) {
      // A kernel without the knob has nothing to turn off.
      if (!(error instanceof PortError)) throw error;
    }
  }
}

/**
 * makedumpfile keeps a copy of VMCOREINFO in `/tmp`, whatever TMPDIR says, and fails where that cannot be
 * written to, as in an image that is read-only. Then `/tmp` becomes a little memory.
 */
function provideTmp(port: Port, note: Note): void {
  const probe = '/tmp/.kcrash.part';
  const writable = port.isolate(NOTE_LIMIT_SECONDS, () => {
    port.create(probe, 0o600).close();
    port.unlink(probe);
  });
  if (writable.ok) return;
  try {
    port.mountMemory('/tmp', TMP_BYTES);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    note(`/tmp is not writable (${writable.why}) and cannot be made so: ${error.message}`);
  }
}

/** What the notes of `/proc/vmcore` tell; all unknown where they cannot be read. */
function knownFacts(port: Port, settings: Settings, note: Note): VmcoreFacts {
  const facts = port.isolate(settings.dmesg_limit_seconds, () => readVmcoreFacts(port, VMCORE));
  if (facts.ok) return facts.value;
  note(`${VMCORE}: ${facts.why}`);
  return { release: null, crashSeconds: null };
}

/** Makes persist ready to be written to. Returns the crash's date, or null where nothing can be kept there. */
function preparePersist(port: Port, settings: Settings, note: Note): string | null {
  const persist = settings.persist_path;
  const volatile = whyVolatile(port, persist);
  if (volatile !== null) {
    note(`nothing can be kept: ${volatile}`);
    return null;
  }
  const mount = mountOf(port, persist);
  if (mount !== null && mount.mountPoint !== persist) {
    note(`${persist} is not mounted; keeping the crash on ${mount.mountPoint} (${mount.type})`);
  }
  // A read-only root under a persist that is not mounted is meant to be so.
  if (mount?.readOnly === true && mount.mountPoint === persist) {
    const writable = port.isolate(settings.file_limit_seconds, () => port.remount(mount.mountPoint, false));
    note(`${mount.mountPoint} was read-only: ${writable.ok ? 'remounted' : writable.why}`);
  }
  const prepared = port.isolate(settings.file_limit_seconds, () => {
    removeParts(port, settings);
    port.makeDirectory(crashFolder(settings), 0o755);
    return freeDate(port, settings);
  });
  if (prepared.ok) return prepared.value;
  note(`${crashFolder(settings)}: ${prepared.why}`);
  // The next steps may still do better: a full disk has no room for a folder, but reason files may be there.
  return isoSeconds(port.clock());
}

type KeptDmesg = { readonly path: string } | { readonly path: null; readonly why: string };

/** Step 1: by makedumpfile, or by our own reader of the log where that is missing or fails. */
function keepDmesg(port: Port, settings: Settings, date: string, note: Note): KeptDmesg {
  const path = dmesgPath(settings, date);
  if (!port.exists(VMCORE)) return { path: null, why: `there is no ${VMCORE}` };
  const failed = dumpDmesg(port, settings, VMCORE, partOf(path));
  if (failed === null) {
    const published = port.isolate(settings.file_limit_seconds, () => {
      if (port.status(partOf(path)).sizeBytes === 0)
        throw new Error('makedumpfile --dump-dmesg wrote nothing');
      publish(port, path);
    });
    if (published.ok) return { path };
    note(published.why);
  } else {
    note(failed);
  }
  const own = port.isolate(settings.dmesg_limit_seconds, () => {
    removeIfThere(port, partOf(path));
    withRoom(port, settings, date, () =>
      writeWhole(port, path, { mode: 0o600 }, (writer) => {
        for (const chunk of vmcoreLog(port, VMCORE)) writer.write(chunk);
      }),
    );
  });
  if (own.ok) return { path };
  note(`dmesg not written: ${own.why}`);
  return { path: null, why: own.why };
}

/** What reboot-stack shows of the log; the summary alone says enough where the log cannot be read. */
function tailOrNothing(port: Port, dmesg: string | null): Uint8Array {
  try {
    return stackTail(port, VMCORE, dmesg);
  } catch (error) {
    if (error instanceof PortError || error instanceof DumpError) return new Uint8Array(0);
    throw error;
  }
}

function newsOf(
  port: Port,
  settings: Settings,
  dmesg: string | null,
  facts: VmcoreFacts,
  note: Note,
): CrashNews {
  const news = port.isolate(settings.dmesg_limit_seconds, () => readNews(port, VMCORE, dmesg, facts));
  if (news.ok) return news.value;
  note(`the log cannot be read: ${news.why}`);
  return { summary: `kcrash: the kernel crashed; its log cannot be read: ${news.why}`, lines: [] };
}

/** Step 5. */
function showNews(port: Port, settings: Settings, news: CrashNews, note: Note): void {
  const lines = news.lines.length > 0 ? news.lines : [news.summary];
  const pause = settings.console_line_milliseconds / 1000;
  const limit = settings.console_limit_seconds + (lines.length + 2) * pause;
  const shown = port.isolate(limit, () => showPanic(port, lines, pause));
  if (!shown.ok) note(`panic not shown: ${shown.why}`);
}
