/** What a piece of text is: whoever prints it may give it a colour. */
export type Role =
  /** What happened. */
  | 'title'
  | 'heading'
  /** What is wrong. */
  | 'bad'
  /** A function, a task. */
  | 'name'
  /** Of less interest. */
  | 'dim';

/** Puts a role into what the output shows, such as colours of a terminal; adds no visible character. */
export type Paint = (role: Role, text: string) => string;

/** A piece of a line: plain, or with a role. */
export type Piece = string | readonly [Role, string];

/** No line is longer. */
export const COLUMNS = 100;

/** Lines of text, at most `COLUMNS` wide and of printable ASCII only, whatever a dump holds. */
export class Page {
  readonly #paint: Paint;
  readonly #lines: string[] = [];

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** A line; what does not fit is cut, with `...` in its place. */
  line(...pieces: readonly Piece[]): void {
    const texts = pieces.map((piece) => printable(typeof piece === 'string' ? piece : piece[1]));
    cut(texts);
    const line = pieces.map((piece, n) => {
      const text = texts[n] as string;
      return typeof piece === 'string' || text === '' ? text : this.#paint(piece[0], text);
    });
    this.#lines.push(line.join(''));
  }

  /** A heading with a free line before it. */
  heading(text: string): void {
    this.line();
    this.line(['heading', text]);
  }

  /** Words that run over as many lines as they need, the first behind `label`, the others indented as far. */
  paragraph(label: string, text: string, role?: Role): void {
    const head = printable(label);
    const lines = wrap(printable(text), COLUMNS - head.length);
    for (const [n, line] of lines.entries()) {
      const start = n === 0 ? head : ' '.repeat(head.length);
      this.line(start, role === undefined ? line : [role, line]);
    }
  }

  /** All lines, each ended by a newline. */
  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

/** Takes off what is more than a line has, and spaces at its end. */
function cut(texts: string[]): void {
  let over = texts.reduce((sum, { length }) => sum + length, 0) - COLUMNS;
  const dots = over > 0 ? MORE : '';
  if (over > 0) over += MORE.length;
  for (let n = texts.length - 1; n >= 0; n--) {
    const text = texts[n] as string;
    const kept = text.slice(0, Math.max(0, text.length - Math.max(0, over)));
    over -= text.length - kept.length;
    texts[n] = dots === '' ? kept.trimEnd() : kept;
    if (texts[n] === '') continue;
    texts[n] += dots;
    return;
  }
}

const MORE = '...';

/** Text in printable ASCII: everything else is escaped, so that no dump can move a terminal's cursor. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\t') return ' ';
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Cuts text at spaces into lines of at most `width` characters; a longer word is cut too. One line at least. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(space > 0 ? end + 1 : end);
  }
  lines.push(rest);
  return lines;
}
