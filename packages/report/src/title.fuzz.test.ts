import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SAMPLES } from '../test/title_samples.ts';
import { CHECKER_SAMPLES } from '../test/title_samples_checkers.ts';
import { findCrash, summarise } from './crash_text.ts';
import { abrtFunctions } from './hash.ts';
import { rustPath } from './rust_symbol.ts';
import { titleOf } from './title.ts';

const LOGS = [...CHECKER_SAMPLES, ...SAMPLES].map((sample) => sample.log);
/** Pieces that the readers look for, so that junk gets past their first tests. */
const PIECES = [
  '[   12.345678] ',
  '[   12.345678][   T42] ',
  '<4>',
  'BUG: ',
  'BUG: KASAN: ',
  'WARNING: ',
  'WARNING: CPU: 1 PID: 2 at ',
  'INFO: task ',
  'rcu: INFO: rcu_preempt ',
  'detected stalls',
  ' blocked for more than',
  'Kernel panic - not syncing: ',
  'kernel BUG at ',
  ' [#1] ',
  'Unable to handle kernel ',
  ' at: ',
  '[<ffffffff81000000>] ',
  'foo+0x1/0x2',
  '+0x',
  '(foo) from ',
  'RIP: 0010:',
  'Call Trace:',
  ' ? ',
  'general protection fault',
  ', ',
  ': 0000',
  'Tainted: ',
  '(',
  ')',
  '{',
  '"',
  '=',
  ' in ',
  '/',
  '\n',
  ' ',
  '0',
  'a',
  '_R',
  'E',
  ' from ',
  '\t',
  '\r',
  '\u0000',
];
const junk = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 20, unit: 'binary' })), {
    maxLength: 200,
  })
  .map((pieces) => pieces.join(''));

function readAll(log: string): void {
  const title = titleOf(log);
  if (title !== null) expect(title.title.length).toBeGreaterThan(0);
  const lines = log.split('\n');
  abrtFunctions(lines);
  const crash = findCrash(lines);
  if (crash === null) return;
  expect(crash.start).toBeLessThan(crash.end);
  expect(crash.end).toBeLessThanOrEqual(lines.length);
  expect(summarise(crash).length).toBeLessThanOrEqual(1600);
}

describe('readers of logs', () => {
  it('take any junk', () => {
    fc.assert(fc.property(junk, readAll), { numRuns: 2000 });
  });

  it('take real reports with pieces cut out, doubled and spliced', () => {
    const log = fc.constantFrom(...LOGS);
    const cut = fc.tuple(log, log, fc.nat(3000), fc.nat(3000), junk);
    fc.assert(
      fc.property(cut, ([one, two, from, to, middle]) =>
        readAll(one.slice(0, from) + middle + two.slice(to)),
      ),
      { numRuns: 1000 },
    );
  });

  it('take any name for a Rust symbol', () => {
    const name = fc.array(fc.constantFrom(...'_RNvCMXYIBTEKLsuAS0123456789abch'), { maxLength: 80 });
    fc.assert(
      fc.property(name, (letters) => {
        expect(rustPath(`_R${letters.join('')}`)?.length ?? 0).toBeLessThan(2000);
      }),
      { numRuns: 5000 },
    );
  });

  it.each(PIECES.filter((piece) => piece !== '\n'))(
    'need linear time for a line and for lines of %j',
    (piece) => {
      const seconds = (log: string) => {
        const before = performance.now();
        readAll(log);
        return (performance.now() - before) / 1000;
      };
      const line = `[    1.000000] BUG: KASAN: ${piece.repeat(Math.ceil(300_000 / piece.length))}`;
      expect(seconds(line)).toBeLessThan(2);
      const short = piece.repeat(Math.ceil(300 / piece.length));
      expect(seconds(`${short}\n`.repeat(1000))).toBeLessThan(2);
      expect(
        seconds(`[    1.000000] general protection fault: 0000 [#1]\n${short}\n`.repeat(500)),
      ).toBeLessThan(2);
    },
  );
});
