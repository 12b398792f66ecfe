import type { Scenario } from '../scenario.ts';
import { arm, normal } from './arm.ts';
import { asOnEve } from './as_on_eve.ts';
import { capture } from './capture.ts';
import { dump } from './dump.ts';
import { leaks } from './leaks.ts';
import { log } from './log.ts';
import { oracle } from './oracle.ts';
import { persist } from './persist.ts';
import { triggers } from './triggers.ts';

/** Every scenario, in the order in which they are run and listed. */
export const scenarios: readonly Scenario[] = [
  ...triggers,
  ...persist,
  ...dump,
  ...capture,
  ...log,
  ...arm,
  ...normal,
  asOnEve,
  ...oracle,
  ...leaks,
];
