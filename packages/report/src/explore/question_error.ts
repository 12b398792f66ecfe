/** Why a question has no answer; programs switch on this, people read the message. */
export type QuestionCode =
  /** The expression is not one in C's words. */
  | 'syntax'
  /** Nothing of that name, and no address. */
  | 'no-symbol'
  /** A name that several things have. */
  | 'several-symbols'
  /** No type of that name. */
  | 'no-type'
  /** A thing whose type neither the dump nor the question tells. */
  | 'untyped'
  /** What is asked of a value cannot be asked of its type. */
  | 'wrong-type'
  /** The end of an array, or a pointer that is NULL. */
  | 'nothing-there';

/**
 * A question about a dump that makes no sense or has no answer, though nothing is wrong with the dump. The message
 * states what is so; whoever asks adds what to ask instead.
 */
export class QuestionError extends Error {
  override readonly name = 'QuestionError';
  readonly code: QuestionCode;

  constructor(code: QuestionCode, message: string) {
    super(message);
    this.code = code;
  }
}
