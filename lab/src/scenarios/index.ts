import type { Scenario } from '../scenario.ts';
import { triggers } from './triggers.ts';

/** Every scenario, in the order in which they are run and listed. */
export const scenarios: readonly Scenario[] = [...triggers];
