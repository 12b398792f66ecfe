import { PortError } from '../src/port.ts';
import { type Checks, equal, holds, load } from './port_checks.ts';
import { dumpChecks } from './port_dump_checks.ts';
import { fileChecks } from './port_file_checks.ts';
import { programChecks } from './port_program_checks.ts';

const rest: Checks = {
  'time passes and has a zone'(port) {
    const { unixSeconds, offsetMinutes } = port.clock();
    holds(unixSeconds > 1_700_000_000 && Number.isInteger(unixSeconds), `${unixSeconds} is a time`);
    const date = port.run(['date', '+%s %z'], { limitSeconds: 5 });
    const [, seconds, sign, hours, minutes] =
      /^(\d+) ([+-])(\d\d)(\d\d)/.exec(date.how === 'exited' ? date.output : '') ?? [];
    holds(Math.abs(Number(seconds) - unixSeconds) <= 1, 'date says the same');
    equal(offsetMinutes, Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) + 0, 'offset');
    const start = port.monotonicSeconds();
    port.sleep(0.1);
    const slept = port.monotonicSeconds() - start;
    holds(slept >= 0.099 && slept < 1, `it slept ${slept} s`);
  },

  'memory is counted in bytes'(port) {
    const { totalBytes, freeBytes } = port.memory();
    const kib = Number(/MemTotal: +(\d+) kB/.exec(load(port, '/proc/meminfo'))?.[1]);
    equal(totalBytes, kib * 1024);
    holds(freeBytes > 0 && freeBytes < totalBytes, `${freeBytes} of them are free`);
  },

  'isolated work gives its value as JSON, or why not'(port) {
    const value = { text: 'ä\u0000"\ud83d\ude00', list: [1, null, 2.5], nested: { yes: true } };
    equal(
      port.isolate(5, () => value),
      { ok: true, value },
    );
    equal(
      port.isolate(5, () => {}),
      { ok: true },
    );
    const outcome = port.isolate(5, () => {
      throw new PortError('ENOSPC', 'write', '/x');
    });
    equal(outcome, { ok: false, why: 'write /x: ENOSPC' });
    equal(
      port.isolate(5, () => 'y'.repeat(500_000)),
      { ok: true, value: 'y'.repeat(500_000) },
    );
  },
};

/**
 * What every `Port` must do, as checks that run on Node and on QuickJS alike: no test runner, no assertion
 * library. Processes and mounts of which Node knows nothing are in `forkChecks`.
 */
export const checks: Checks = { ...fileChecks, ...programChecks, ...rest, ...dumpChecks };
