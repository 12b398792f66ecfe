import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrgnFacts } from './compare_drgn_stack.ts';
import { parseUsage, runToEnd, timeArguments, type Usage } from './measure.ts';

export interface DrgnSession {
  /** Null where drgn failed. */
  readonly facts: DrgnFacts | null;
  readonly said: string;
  readonly usage: Usage | null;
}

const SCRIPT = join(import.meta.dirname, 'drgn_facts.py');
const LIMIT_SECONDS = 600;

/** Asks drgn, with the debug info of the kernel and of modules, about a dump and some symbols' addresses. */
export async function drgnSession(
  dump: string,
  debugInfo: readonly string[],
  symbols: readonly string[],
  folder: string,
): Promise<DrgnSession> {
  const usageFile = join(folder, 'drgn-usage');
  // The distribution's Python has drgn; another one may come first in PATH.
  const args = [...timeArguments(usageFile), '/usr/bin/python3', SCRIPT, dump, ...debugInfo];
  const { status, output, errors } = await runToEnd('/usr/bin/time', args, {
    cwd: folder,
    input: symbols.join('\n'),
    limitSeconds: LIMIT_SECONDS,
  });
  const usage = existsSync(usageFile) ? parseUsage(readFileSync(usageFile, 'utf8')) : null;
  if (status !== 0) return { facts: null, said: errors, usage };
  return { facts: JSON.parse(output) as DrgnFacts, said: errors, usage };
}
