import { collect } from '../src/collect.ts';
import type { Ended } from '../src/port.ts';
import { defaultSettings, type Settings } from '../src/settings.ts';
import { FakePort, MachineGone } from './fake_port.ts';
import { smallVmcore } from './small_vmcore.ts';

// A machine whose kernel has crashed, at the moment when collect begins.

export const MESSAGES = [
  'Linux version 6.1.0-56-cloud-amd64 (gcc-12) #1 SMP',
  'sysrq: Trigger a crash',
  'Kernel panic - not syncing: sysrq triggered crash',
  'CPU: 1 PID: 77 Comm: sh Not tainted 6.1.0-56-cloud-amd64 #1',
  'Call Trace:',
  ' <TASK>',
  ' sysrq_handle_crash+0x16/0x20',
];
export const LOG = MESSAGES.map((message, n) => `[    0.00${n}000] ${message}\n`).join('');
export const CRASH_SECONDS = 1_789_999_990;
const VMCORE = smallVmcore(MESSAGES, CRASH_SECONDS);
export const DATE = '2026-09-21T14:13:20+00:00';
export const DMESG = `/persist/kcrashes/dmesg-${DATE}.log`;
export const DUMP = `/persist/kcrashes/kdump-${DATE}.dump`;
export const DUMP_BYTES = 40_000;

function dumpText(length: number, status: number): string {
  const bytes = new Uint8Array(length);
  bytes.set(Uint8Array.from('KDUMP   ', (char) => char.charCodeAt(0)));
  new DataView(bytes.buffer).setUint32(424, status, true);
  new DataView(bytes.buffer).setUint32(428, 4096, true);
  return Buffer.from(bytes).toString('latin1');
}

/** A makedumpfile that does what the real one does with these options. */
function makedumpfile(port: FakePort, dumpBytes = DUMP_BYTES) {
  return (argv: readonly string[]): Ended => {
    const out = argv.at(-1) ?? '';
    if (argv[1] === '-v') return { how: 'exited', code: 0, output: 'lzo\tenabled\nzstd\tdisabled\n' };
    const limit = Number(argv[argv.indexOf('-L') + 1]);
    const isLog = argv[1] === '--dump-dmesg';
    const content = isLog ? LOG : dumpText(Math.min(dumpBytes, limit), dumpBytes > limit ? 0xa : 0x2);
    const done = port.programWrites(out, content);
    return { how: 'exited', code: done && (isLog || dumpBytes <= limit) ? 0 : 1, output: '' };
  };
}

/** The same machine with a `kcrash dump` that does its work. */
export function programs(port: FakePort, dumpBytes = DUMP_BYTES) {
  const other = makedumpfile(port, dumpBytes);
  return (argv: readonly string[]): Ended => {
    if (argv[0] !== '/proc/self/exe') return other(argv);
    const limit = Number(argv[argv.indexOf('--budget-mib') + 1]) * 1_048_576;
    const content = dumpText(Math.min(dumpBytes, limit), dumpBytes > limit ? 0xa : 0x2);
    return { how: 'exited', code: port.programWrites(argv[3] ?? '', content) ? 0 : 1, output: '' };
  };
}

export function machine(setUp: (port: FakePort) => void = () => {}): FakePort {
  const port = new FakePort();
  port.set('/proc/vmcore', VMCORE);
  port.programOf = programs(port);
  setUp(port);
  return port;
}

export function small(port: FakePort): Settings {
  port.totalBytes = port.capacityBytes;
  return defaultSettings();
}

/** Runs collect until the machine is gone; returns why it went. */
export function run(port: FakePort, settings = defaultSettings()): string {
  try {
    const code = collect(port, settings, []);
    return `returned ${code}`;
  } catch (error) {
    if (error instanceof MachineGone) return error.why;
    throw error;
  }
}

export function texts(port: FakePort): Record<string, string> {
  return Object.fromEntries(port.onDisk());
}
