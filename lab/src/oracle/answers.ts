/** What the guest's kernel said of itself just before the crash: the bytes of files by their path. */
export class Answers {
  readonly #files: ReadonlyMap<string, Buffer>;

  constructor(files: ReadonlyMap<string, Buffer>) {
    this.#files = files;
  }

  get paths(): string[] {
    return [...this.#files.keys()];
  }

  /** A file's bytes, or a link's target; undefined where the guest could not read it. */
  bytes(path: string): Buffer | undefined {
    return this.#files.get(path);
  }

  /** The same as text; throws where there is none. */
  text(path: string): string {
    const bytes = this.#files.get(path);
    if (bytes === undefined) throw new Error(`the guest did not read ${path}`);
    return bytes.toString('utf8');
  }

  lines(path: string): string[] {
    return this.text(path)
      .split('\n')
      .filter((line) => line !== '');
  }
}

const LINE_END = 0x0a;

/**
 * Reads what `lab/guest/answer.c` writes: `@PATH LENGTH`, so many bytes and a line end each, then zeros. A
 * negative length is an errno. Throws where the file ends in the middle.
 */
export function parseAnswers(file: Buffer): Answers {
  const files = new Map<string, Buffer>();
  let at = 0;
  while (file[at] === 0x40) {
    const end = file.indexOf(LINE_END, at);
    const head = file.toString('latin1', at, end);
    const match = /^@(.*) (-?\d+)$/.exec(head);
    if (end < 0 || match === null) throw new Error(`byte ${at} of the answers starts no file: ${head}`);
    const [, path = '', length = ''] = match;
    const size = Math.max(0, Number(length));
    at = end + 1 + size;
    if (file[at] !== LINE_END)
      throw new Error(`${path} should end at byte ${at} of the answers, which have ${file.length}`);
    if (Number(length) >= 0) files.set(path, file.subarray(end + 1, at));
    at += 1;
  }
  if (at < file.length && file[at] !== 0) throw new Error(`byte ${at} of the answers starts no file`);
  return new Answers(files);
}
