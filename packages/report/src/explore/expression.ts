import { QuestionError } from './question_error.ts';

/** An expression over the kernel's variables, in C's words. */
export type Expression =
  /** A variable, of one CPU where `cpu` is given. */
  | { readonly kind: 'name'; readonly name: string; readonly cpu: number | undefined }
  | { readonly kind: 'number'; readonly value: bigint }
  /** Of a variable's name it says the type; of a number or a pointer what it points to. */
  | { readonly kind: 'cast'; readonly type: string; readonly of: Expression }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly index: number }
  | { readonly kind: 'star' | 'address'; readonly of: Expression };

const TYPE = String.raw`(?:(?:struct|union|enum)\s+)?[A-Za-z_]\w*(?:\s+[A-Za-z_]\w*)*(?:\s*\*)*\s*(?:\[\d*\])?`;
const TOKENS = {
  space: /\s+/y,
  cast: new RegExp(String.raw`\(\s*(${TYPE})\s*\)(?=\s*[\w(&*])`, 'y'),
  open: /\(/y,
  close: /\)/y,
  star: /\*/y,
  address: /&/y,
  number: /0x[\da-f]+|\d+\b/iy,
  name: /([A-Za-z_][\w$]*)(?::(\d{1,4}))?/y,
  member: /(?:->|\.)\s*([A-Za-z_]\w*)/y,
  index: /\[\s*(\d{1,9})\s*\]/y,
};

/** No expression nests any deeper. */
const MOST_DEPTH = 64;

/** Reads `init_task.parent->comm`, `*init_task.mm`, `runqueues:0.nr_running`, `((struct file *)0xff…)->f_mode`. Throws `QuestionError`. */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.unary(0);
  parser.end();
  return expression;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  unary(depth: number): Expression {
    if (depth > MOST_DEPTH) throw this.#wrong();
    if (this.#take('star')) return { kind: 'star', of: this.unary(depth + 1) };
    if (this.#take('address')) return { kind: 'address', of: this.unary(depth + 1) };
    return this.#postfix(depth);
  }

  end(): void {
    this.#take('space');
    if (this.#at < this.#text.length) throw this.#wrong();
  }

  #postfix(depth: number): Expression {
    let of = this.#primary(depth);
    for (;;) {
      const member = this.#take('member');
      const index = member ? undefined : this.#take('index');
      if (member) of = { kind: 'member', of, name: member[1] as string };
      else if (index) of = { kind: 'index', of, index: Number(index[1]) };
      else return of;
    }
  }

  #primary(depth: number): Expression {
    const cast = this.#take('cast');
    // A cast binds closer than members here: a type is said of a variable, not of what is in it.
    if (cast) return { kind: 'cast', type: cast[1] as string, of: this.#castTarget(depth + 1) };
    if (this.#take('open')) {
      const inner = this.unary(depth + 1);
      if (!this.#take('close')) throw this.#wrong();
      return inner;
    }
    const number = this.#take('number');
    if (number) return { kind: 'number', value: BigInt.asUintN(64, BigInt(number[0])) };
    const name = this.#take('name');
    if (!name) throw this.#wrong();
    const cpu = name[2] === undefined ? undefined : Number(name[2]);
    return { kind: 'name', name: name[1] as string, cpu };
  }

  #castTarget(depth: number): Expression {
    if (depth > MOST_DEPTH) throw this.#wrong();
    const prefix = this.#take('address') ? 'address' : this.#take('star') ? 'star' : undefined;
    if (prefix === undefined) return this.#primary(depth);
    return { kind: prefix, of: this.#postfix(depth) };
  }

  #take(kind: keyof typeof TOKENS): RegExpExecArray | null {
    if (kind !== 'space') this.#take('space');
    const pattern = TOKENS[kind];
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match;
  }

  #wrong(): QuestionError {
    const rest = this.#text.slice(this.#at, this.#at + 12);
    const found = rest === '' ? 'it ends too early' : `“${rest}” is not expected at ${this.#at}`;
    return new QuestionError('syntax', `“${this.#text}” cannot be read: ${found}`);
  }
}
