import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrgnFacts } from './compare_drgn_stack.ts';
import { parseUsage, runToEnd, timeArguments, type Usage } from './measure.ts';
import type { Survey, SurveyRequest } from './survey.ts';

/** What a script that asks drgn left. */
export interface DrgnSession<T> {
  /** Null where drgn failed. */
  readonly facts: T | null;
  readonly said: string;
  readonly usage: Usage | null;
}

/** Where drgn is asked about a dump. */
export interface DrgnPlace {
  /** A Python that has drgn. */
  readonly python: string;
  readonly dump: string;
  /** Debug info of the kernel and of modules. */
  readonly debugInfo: readonly string[];
  /** A folder for what is measured. */
  readonly folder: string;
}

const LIMIT_SECONDS = 900;

/** Asks about the crashed thread, the log, and some symbols' addresses. */
export function drgnFacts(place: DrgnPlace, symbols: readonly string[]): Promise<DrgnSession<DrgnFacts>> {
  return ask(place, 'drgn_facts.py', symbols.join('\n'));
}

/** Asks about every task and the layout of types. */
export function drgnSurvey(place: DrgnPlace, request: SurveyRequest): Promise<DrgnSession<Survey>> {
  return ask(place, 'drgn_survey.py', JSON.stringify(request));
}

/** What drgn's helpers read, line by line. */
export interface HelperLines {
  readonly sections: Readonly<Record<string, readonly string[]>>;
}

/** Asks for all that drgn's helpers read of the kernel's own memory. */
export function drgnHelpers(place: DrgnPlace): Promise<DrgnSession<HelperLines>> {
  return ask(place, 'drgn_helpers.py', '');
}

async function ask<T>(place: DrgnPlace, script: string, input: string): Promise<DrgnSession<T>> {
  const usageFile = join(place.folder, 'drgn-usage');
  // -B: no compiled files beside the sources.
  const program = [place.python, '-B', join(import.meta.dirname, script), place.dump, ...place.debugInfo];
  const { status, output, errors } = await runToEnd(
    '/usr/bin/time',
    [...timeArguments(usageFile), ...program],
    {
      cwd: place.folder,
      input,
      limitSeconds: LIMIT_SECONDS,
    },
  );
  const usage = existsSync(usageFile) ? parseUsage(readFileSync(usageFile, 'utf8')) : null;
  return { facts: status === 0 ? (JSON.parse(output) as T) : null, said: errors, usage };
}
