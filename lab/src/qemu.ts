import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsoleLine, LineCutter } from './console.ts';
import { Qmp, type QmpEvent } from './qmp.ts';

export interface MachineOptions {
  /** Raw disk image; the guest sees it as `/dev/nvme0n1`. */
  readonly disk: string;
  /** A bzImage that QEMU loads itself; without it the disk's boot loader runs. */
  readonly kernel?: { readonly image: string; readonly commandLine: string };
  /** What SMBIOS tells as the machine's serial number: a boot loader can read it. */
  readonly serialNumber?: string;
  readonly memoryMib: number;
  readonly cpus: number;
  /** QEMU's name of the CPU model. */
  readonly cpu: string;
  /** The raw serial console goes here. */
  readonly consoleFile: string;
}

/**
 * How a power cycle ended: the guest reset or switched off the machine, the lab pulled the plug on purpose or
 * because the guest was silent or slow, or QEMU itself died.
 */
export type End = 'reset' | 'power-off' | 'cut' | 'stalled' | 'time-limit' | 'qemu-died';

const CONSOLE_POLL_MS = 40;

const running = new Set<ChildProcess>();
let exitHooks = false;

/** A virtual machine from switching on to reset. A guest's reset ends it; nothing of it outlives this process. */
export class Machine {
  readonly lines: ConsoleLine[] = [];
  /** Events of QEMU, oldest first. */
  readonly events: QmpEvent[] = [];
  readonly ended: Promise<End>;
  readonly #child: ChildProcess;
  readonly #console: number;
  readonly #started = performance.now();
  readonly #cutter = new LineCutter();
  readonly #watchers = new Set<(line: ConsoleLine) => void>();
  #qmp: Qmp | undefined;
  #cutAs: End | undefined;
  #complaint = '';
  #lastOutput = performance.now();

  private constructor(options: MachineOptions, socket: string) {
    hookExit();
    writeFileSync(options.consoleFile, '');
    this.#console = openSync(options.consoleFile, 'r');
    // The kernel kills the guest should this process die without a word.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...argv(options, socket)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.add(this.#child);
    const poll = setInterval(() => this.#readConsole(), CONSOLE_POLL_MS);
    this.#child.stderr?.on('data', (piece: Buffer) => {
      this.#complaint += piece.toString('utf8');
    });
    this.ended = new Promise((resolve) => {
      const finish = () => {
        running.delete(this.#child);
        clearInterval(poll);
        this.#readConsole();
        closeSync(this.#console);
        if (this.#cutter.rest !== '') this.#add(this.#cutter.rest);
        this.#qmp?.close();
        resolve(this.#cutAs ?? this.#guestsEnd());
      };
      this.#child.once('error', (error) => {
        this.#complaint += error.message;
        finish();
      });
      this.#child.once('close', finish);
    });
  }

  /** Switches a machine on. The caller must await `ended`. */
  static async start(options: MachineOptions): Promise<Machine> {
    const folder = mkdtempSync(join(tmpdir(), 'kcrash-lab-'));
    const socket = join(folder, 'qmp');
    const machine = new Machine(options, socket);
    try {
      // QEMU waits for `cont`, so that no event is missed.
      const opened = Qmp.open(socket, (event) => machine.events.push(event));
      const end = machine.ended.then(() => {
        throw new Error(`QEMU did not start: ${machine.complaint}`);
      });
      machine.#qmp = await Promise.race([opened, end]);
      await machine.#qmp.execute('cont');
      end.catch(() => {});
      return machine;
    } catch (error) {
      machine.cut('qemu-died');
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** What QEMU said on its standard error. */
  get complaint(): string {
    return this.#complaint.trim();
  }

  /** Seconds since it was switched on. */
  get elapsed(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Seconds since the guest last printed anything. */
  get silent(): number {
    return (performance.now() - this.#lastOutput) / 1000;
  }

  get qmp(): Qmp {
    if (this.#qmp === undefined) throw new Error('the machine has no monitor yet');
    return this.#qmp;
  }

  /** Calls `watcher` for each console line from now on, until the returned function is called. */
  watch(watcher: (line: ConsoleLine) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Pulls the plug. What the guest has written to its disk stays, what it still holds in memory does not. */
  cut(as: End = 'cut'): void {
    this.#cutAs ??= as;
    this.#child.kill('SIGKILL');
  }

  #readConsole(): void {
    const piece = Buffer.alloc(1 << 16);
    for (let n = readSync(this.#console, piece); n > 0; n = readSync(this.#console, piece)) {
      this.#lastOutput = performance.now();
      for (const text of this.#cutter.push(piece.subarray(0, n))) this.#add(text);
    }
  }

  #add(text: string): void {
    const line = { at: this.elapsed, text };
    this.lines.push(line);
    for (const watcher of this.#watchers) watcher(line);
  }

  #guestsEnd(): End {
    const shutdown = this.events.findLast(({ event }) => event === 'SHUTDOWN');
    if (shutdown?.data.reason === 'guest-reset') return 'reset';
    return shutdown?.data.reason === 'guest-shutdown' ? 'power-off' : 'qemu-died';
  }
}

function argv(options: MachineOptions, socket: string): string[] {
  const { kernel, serialNumber } = options;
  return [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot', '-S'],
    ...['-machine', 'q35,accel=tcg,memory-backend=ram', '-cpu', options.cpu, '-smp', `${options.cpus}`],
    // A guest may have more than the host, as long as it does not use it.
    ...['-object', `memory-backend-ram,id=ram,size=${options.memoryMib}M,reserve=off`],
    ...['-m', `${options.memoryMib}`],
    // A file, since it takes every byte at once: QEMU drops what a full pipe or socket refuses for too long.
    ...['-chardev', `file,id=serial,path=${options.consoleFile},append=on`, '-serial', 'chardev:serial'],
    ...['-qmp', `unix:${socket},server=on,wait=off`],
    // Everything written reaches the host's page cache, which outlives a killed QEMU: flushes cost nothing.
    ...['-drive', `file=${options.disk},format=raw,if=none,id=disk,cache=unsafe`],
    ...['-device', 'nvme,drive=disk,serial=lab'],
    ...(serialNumber === undefined ? [] : ['-smbios', `type=1,serial=${serialNumber.replaceAll(',', ',,')}`]),
    ...(kernel === undefined ? [] : ['-kernel', kernel.image, '-append', kernel.commandLine]),
  ];
}

function hookExit(): void {
  if (exitHooks) return;
  exitHooks = true;
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(130));
  }
}
