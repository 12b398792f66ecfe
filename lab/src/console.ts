/** A line of the serial console and when the host saw it end, in seconds since the machine was switched on. */
export interface ConsoleLine {
  readonly at: number;
  readonly text: string;
}

/** What one kernel of a power cycle printed, from its first line to the next kernel's. */
export interface KernelBoot {
  /** By the guest init's own word; `unknown` where it never got to speak. */
  readonly kind: 'system' | 'capture' | 'unknown';
  readonly lines: readonly ConsoleLine[];
}

const FIRST_LINE = /^\[ +0\.000000\] Linux version /;

/** Cuts bytes into lines; bytes are kept one to one as Latin-1. */
export class LineCutter {
  #rest = '';

  push(piece: Buffer): string[] {
    const lines = (this.#rest + piece.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    // The kernel ends a line in CR LF, GRUB in LF CR.
    return lines.map((line) => line.replace(/^\r+|\r+$/g, ''));
  }

  /** What came after the last line end. */
  get rest(): string {
    return this.#rest;
  }
}

/** Text of a line without the kernel's `[    1.234567] `. */
export function withoutTime(text: string): string {
  return text.replace(/^\[ *\d+\.\d+\] /, '');
}

/** The guest's word in a console line such as `[    2.5] lab: system boot`, or undefined. */
export function labWord(text: string): string | undefined {
  return /^(?:\[ *\d+\.\d+\] )?lab: (.*)$/.exec(text)?.[1];
}

/** Splits the console of a power cycle into its kernels' parts. Lines before the first kernel's are left out. */
export function kernelBoots(lines: readonly ConsoleLine[]): KernelBoot[] {
  const starts = lines.flatMap(({ text }, index) => (FIRST_LINE.test(text) ? [index] : []));
  return starts.map((start, index) => {
    const part = lines.slice(start, starts[index + 1] ?? lines.length);
    const words = new Set(part.map(({ text }) => labWord(text)));
    const kind = words.has('capture boot') ? 'capture' : words.has('system boot') ? 'system' : 'unknown';
    return { kind, lines: part };
  });
}
