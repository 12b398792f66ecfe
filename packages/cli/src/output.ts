import { fstatSync, writeSync } from 'node:fs';
import { styleText } from 'node:util';

/** Thrown when whoever read our output has gone, as `head` does: there is nobody left to work for. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** What `Output.style` can make of a text. */
export type Style = Parameters<typeof styleText>[0];

const BUFFER_CHARACTERS = 1 << 16;
const RETRY_MILLISECONDS = 2;

/**
 * Text to a file descriptor, synchronously: long work stops at the moment its reader goes. `process.stdout`
 * would notice only after the work, and takes 5 ms to load.
 */
export class Output {
  readonly #fd: number;
  #buffer = '';
  #isTerminal: boolean | undefined;
  #colour: boolean | undefined;

  /** 1 for standard output, 2 for standard error, or an open file. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Whether a person reads it on a terminal. */
  get isTerminal(): boolean {
    this.#isTerminal ??= isCharacterDevice(this.#fd) && this.#stream().isTTY === true;
    return this.#isTerminal;
  }

  /** Characters that fit on a line of the terminal; 80 where it is none. */
  get columns(): number {
    return this.isTerminal ? (this.#stream().columns ?? 80) : 80;
  }

  /** Whether text is coloured: on a terminal that can, without `NO_COLOR`, or where `FORCE_COLOR` wants it. */
  get colour(): boolean {
    this.#colour ??= colourForced() || (this.isTerminal && this.#stream().hasColors());
    return this.#colour;
  }

  /** The text in a style where the output has colour, else as it is. */
  style(style: Style, text: string): string {
    return this.colour ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Writes text; it may stay in a buffer until `flush`. Throws `ReaderGone`. */
  write(text: string): void {
    this.#buffer += text;
    if (this.#buffer.length >= BUFFER_CHARACTERS) this.flush();
  }

  /** Writes a line. Throws `ReaderGone`. */
  line(text = ''): void {
    this.write(`${text}\n`);
  }

  /** Writes what is in the buffer. Throws `ReaderGone`. */
  flush(): void {
    if (this.#buffer === '') return;
    const bytes = Buffer.from(this.#buffer);
    this.#buffer = '';
    for (let done = 0; done < bytes.length; ) done += this.#writeSome(bytes, done);
  }

  #writeSome(bytes: Buffer, done: number): number {
    try {
      return writeSync(this.#fd, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ReaderGone();
      // A pipe that someone made non-blocking is full.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MILLISECONDS);
      return 0;
    }
  }

  #stream(): NodeJS.WriteStream {
    return this.#fd === 1 ? process.stdout : process.stderr;
  }
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

function colourForced(): boolean {
  const { FORCE_COLOR } = process.env;
  return FORCE_COLOR !== undefined && FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
}

/** What a command has of the process. */
export interface Io {
  /** Its answer. */
  readonly out: Output;
  /** What it says about its work. */
  readonly err: Output;
  /** The exit status, where it is not 0. */
  status: number;
}
