/** What kind of thing went wrong while reading a dump; programs switch on this, people read the message. */
export type DumpErrorCode =
  /** A range lies outside the file or outside the structure that should hold it. */
  | 'out-of-bounds'
  /** The platform could not read or write. */
  | 'io'
  /** A dump that is written has no room, on its disk or in its budget. */
  | 'no-room'
  /** The bytes are not in a format that this library reads. */
  | 'not-a-dump'
  /** A field holds a value that the format does not allow. */
  | 'bad-format'
  /** The format is known, this variant of it is not supported. */
  | 'unsupported'
  /** Memory that the dump does not hold: excluded, cut off, or never there. */
  | 'absent-memory'
  /** A virtual address with no translation. */
  | 'unmapped'
  /** The kernel does not describe the thing asked for (no such symbol, type, member or number). */
  | 'not-described'
  /** A list or a chain that is longer than it may be, or that runs in a circle. */
  | 'runaway';

/**
 * The one error that reading a dump throws. The message says what was wanted, what was found and where;
 * `where` repeats the place as data.
 */
export class DumpError extends Error {
  override readonly name = 'DumpError';
  readonly code: DumpErrorCode;
  readonly where: Readonly<Record<string, number | string>>;

  constructor(code: DumpErrorCode, message: string, where: Record<string, number | string> = {}) {
    super(message);
    this.code = code;
    this.where = where;
  }
}
