import type { QuestionCode } from '@kcrash/report/explore/question_error';
import type { Refusal } from '../protocol.ts';

/** What to ask instead. */
const ADVICE: Readonly<Record<QuestionCode, string>> = {
  syntax: 'Write it as in C: init_task.parent->comm, runqueues:0.nr_running, *(struct file *)0xffff….',
  'no-symbol': 'Symbols can be searched by parts of their names; addresses are hexadecimal.',
  'several-symbols': 'Give the address of one; in an expression, *(TYPE *)ADDRESS.',
  'no-type': 'Types can be searched by parts of their names.',
  untyped: 'Say it: (TYPE)NAME or *(TYPE *)ADDRESS.',
  'wrong-type': 'Types shows what has which members.',
  'nothing-there': 'Go back to what it was reached from.',
};

/** Why a question has no answer, and what to ask instead. */
export function inWords({ code, message }: Refusal): string {
  const advice = (ADVICE as Readonly<Record<string, string | undefined>>)[code];
  return advice === undefined ? message : `${message}. ${advice}`;
}
