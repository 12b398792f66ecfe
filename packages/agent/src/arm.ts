import { captureCommandLine } from './kernel_command_line.ts';
import { findKernel } from './kernel_image.ts';
import type { Ended, Port } from './port.ts';
import { readNumber, readWord } from './proc.ts';
import type { Settings } from './settings.ts';
import { bytesOf, messageOf } from './text.ts';

const CRASH_SIZE = '/sys/kernel/kexec_crash_size';
const CRASH_LOADED = '/sys/kernel/kexec_crash_loaded';
const LOAD_DISABLED = '/proc/sys/kernel/kexec_load_disabled';
const KEXEC_LIMIT_SECONDS = 120;

/** What was wrong with the way arm was called. */
export interface ArmProblems {
  readonly usage: readonly string[];
  readonly configuration: readonly string[];
}

/**
 * Loads the running kernel as capture kernel and forbids further loads. Exit status 0: armed, or a machine
 * with no reservation; 1: not armed; 2: called wrongly. The lock is set in every case unless the settings
 * say otherwise: what runs later must not be able to put a kernel of its own there.
 */
export function arm(port: Port, settings: Settings, problems: ArmProblems): number {
  let exit = 1;
  try {
    for (const problem of problems.configuration) port.complain(`kcrash: ${problem}; the default stands`);
    for (const problem of problems.usage) port.complain(`kcrash: ${problem}`);
    exit = problems.usage.length > 0 ? 2 : load(port, settings);
  } catch (error) {
    port.complain(`kcrash: not armed: ${messageOf(error)}`);
  } finally {
    if (settings.lock && !lock(port)) exit = Math.max(exit, 1);
  }
  return exit;
}

/** Forbids kexec loads until the next boot. */
function lock(port: Port): boolean {
  try {
    if (readNumber(port, LOAD_DISABLED) === 1) return true;
    port.writeOnce(LOAD_DISABLED, bytesOf('1\n'));
    if (readNumber(port, LOAD_DISABLED) === 1) return true;
    port.complain(`kcrash: not locked: ${LOAD_DISABLED} did not take a 1`);
  } catch (error) {
    port.complain(`kcrash: not locked: ${messageOf(error)}`);
  }
  return false;
}

function load(port: Port, settings: Settings): number {
  const reserved = readNumber(port, CRASH_SIZE) ?? 0;
  if (reserved === 0) {
    port.say(`kcrash: not armed: no memory is reserved for a capture kernel (${reservationHint(port)})`);
    return 0;
  }
  if (readNumber(port, LOAD_DISABLED) === 1) {
    if (readNumber(port, CRASH_LOADED) === 1) {
      port.say('kcrash: already armed and locked');
      return 0;
    }
    port.complain(
      'kcrash: not armed: kexec is locked already, until the next boot, with no capture kernel loaded',
    );
    return 1;
  }
  const search = findKernel(port, settings.kernel_path);
  if (!search.found) {
    port.complain(`kcrash: not armed: ${search.why}`);
    return 1;
  }
  if (search.warning !== null) port.complain(`kcrash: warning: ${search.warning}`);
  const line = captureCommandLine(readWord(port, '/proc/cmdline') ?? '', settings.capture_append);
  for (const dropped of line.dropped) port.say(`kcrash: capture kernel goes without ${dropped}`);

  const ended = runKexec(port, settings, search.kernel.path, line.text);
  const loaded = readNumber(port, CRASH_LOADED) === 1;
  if (!loaded) {
    port.complain(`kcrash: not armed: kexec could not load ${search.kernel.path}: ${describe(ended)}`);
    return 1;
  }
  if (ended.how !== 'exited' || ended.code !== 0) {
    port.complain(
      `kcrash: warning: a capture kernel loaded earlier stays; kexec now said: ${describe(ended)}`,
    );
  }
  port.say(`kcrash: armed: ${search.kernel.path} in ${Math.round(reserved / 1_048_576)} MiB`);
  return 0;
}

function reservationHint(port: Port): string {
  const asked = /(?:^|\s)(crashkernel=\S+)/.exec(readWord(port, '/proc/cmdline') ?? '')?.[1];
  return asked === undefined ? 'no crashkernel= on the command line' : `${asked} gave none`;
}

/** Under lockdown only a signed image may be loaded, and only by kexec_file_load(2). */
function runKexec(port: Port, settings: Settings, kernel: string, commandLine: string): Ended {
  const lockdown = /\[(\w+)\]/.exec(readWord(port, '/sys/kernel/security/lockdown') ?? '')?.[1] ?? 'none';
  const byFile = lockdown !== 'none';
  const argv = [
    settings.kexec_path,
    ...(byFile ? ['-s'] : ['-c']),
    '-p',
    `--command-line=${commandLine}`,
    kernel,
  ];
  const ended = port.run(argv, { limitSeconds: KEXEC_LIMIT_SECONDS });
  if (!byFile && readNumber(port, CRASH_LOADED) !== 1 && ended.how === 'exited') {
    // Some kernels have only the newer call, and some kexec programs know no `-c`.
    const retry = port.run([settings.kexec_path, '-s', ...argv.slice(2)], {
      limitSeconds: KEXEC_LIMIT_SECONDS,
    });
    if (readNumber(port, CRASH_LOADED) === 1) return retry;
  }
  return ended;
}

/** How a child process ended, in words, with what it printed. */
export function describe(ended: Ended): string {
  const output = ended.how === 'not-started' ? '' : ended.output.trim().split('\n').slice(-5).join(' | ');
  const said = output === '' ? '' : `: ${output}`;
  switch (ended.how) {
    case 'exited':
      return `exit status ${ended.code}${said}`;
    case 'killed':
      return `killed by signal ${ended.signal}${said}`;
    case 'timed-out':
      return `no end within the time limit${said}`;
    case 'not-started':
      return `not started: ${ended.why}`;
  }
}
