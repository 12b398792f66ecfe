/**
 * Names of Rust functions. Since kernels hold Rust code, stacks show mangled names; rustc's v0 scheme is
 * described in Rust's RFC 2603, the older one is that of C++ with a hash at the end.
 */

const BASIC: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};
/** A name longer than this says nothing more; and back references must not grow it without bound. */
const LENGTH_LIMIT = 400;
const STEPS_LIMIT = 500;

/** The path of a mangled Rust name (`<krate::Type>::method`), without hashes, or null when it is no such name. */
export function rustPath(symbol: string): string | null {
  if (symbol.startsWith('_ZN')) return legacyPath(symbol);
  if (!/^_R[A-Z]/.test(symbol)) return null;
  return new V0(symbol.slice(2)).read();
}

/** `_ZN4core9panicking5panic17h0123456789abcdefE`. C++ names look alike, but have no such hash. */
function legacyPath(symbol: string): string | null {
  const parts: string[] = [];
  let at = 3;
  while (symbol[at] !== 'E') {
    const digits = /^\d{1,3}/.exec(symbol.slice(at, at + 3))?.[0];
    if (digits === undefined) return null;
    at += digits.length + Number(digits);
    if (at >= symbol.length) return null;
    parts.push(symbol.slice(at - Number(digits), at));
  }
  return /^h[0-9a-f]{16}$/.test(parts.pop() ?? '') && parts.length > 0 ? parts.join('::') : null;
}

class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** A reader of the v0 grammar; each method reads the production of its name. */
class V0 {
  private at = 0;
  private steps = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  read(): string | null {
    try {
      return this.path();
    } catch (error) {
      if (error instanceof Unreadable) return null;
      throw error;
    }
  }

  private next(): string {
    const letter = this.text[this.at++];
    if (letter === undefined || ++this.steps > STEPS_LIMIT) throw new Unreadable();
    return letter;
  }

  private path(): string {
    const letter = this.next();
    switch (letter) {
      case 'C':
        return this.identifier().name;
      case 'M':
        this.implPath();
        return `<${this.type()}>`;
      case 'X':
        this.implPath();
        return `<${this.type()} as ${this.path()}>`;
      case 'Y':
        return `<${this.type()} as ${this.path()}>`;
      case 'N':
        return this.nested();
      case 'I':
        return this.short(`${this.path()}::<${this.listToEnd(() => this.genericArgument())}>`);
      case 'B':
        return this.backReference(() => this.path());
      default:
        throw new Unreadable();
    }
  }

  private nested(): string {
    const namespace = this.next();
    const parent = this.path();
    const { name, disambiguator } = this.identifier();
    if (namespace === 'C') return this.short(`${parent}::{closure#${disambiguator}}`);
    if (namespace === 'S') return this.short(`${parent}::{shim:${name}#${disambiguator}}`);
    return this.short(name === '' ? parent : `${parent}::${name}`);
  }

  private implPath(): void {
    this.disambiguator();
    this.path();
  }

  private genericArgument(): string {
    if (this.text[this.at] === 'L') {
      this.next();
      this.base62();
      return "'_";
    }
    if (this.text[this.at] === 'K') {
      this.next();
      return this.constant();
    }
    return this.type();
  }

  private type(): string {
    const letter = this.next();
    const basic = BASIC[letter];
    if (basic !== undefined) return basic;
    switch (letter) {
      case 'A':
        return this.short(`[${this.type()}; ${this.constant()}]`);
      case 'S':
        return this.short(`[${this.type()}]`);
      case 'T':
        return this.short(`(${this.listToEnd(() => this.type())})`);
      case 'R':
      case 'Q':
        return this.reference(letter === 'R' ? '&' : '&mut ');
      case 'P':
        return this.short(`*const ${this.type()}`);
      case 'O':
        return this.short(`*mut ${this.type()}`);
      case 'B':
        return this.backReference(() => this.type());
      default:
        // A path is a type too; function pointers and trait objects are not read.
        this.at--;
        return this.path();
    }
  }

  private reference(sign: string): string {
    if (this.text[this.at] === 'L') {
      this.next();
      this.base62();
    }
    return this.short(sign + this.type());
  }

  private constant(): string {
    const letter = this.next();
    if (letter === 'p') return '_';
    if (letter === 'B') return this.backReference(() => this.constant());
    const digits = /^n?[0-9a-f]*_/.exec(this.text.slice(this.at, this.at + 40))?.[0];
    if (BASIC[letter] === undefined || digits === undefined) throw new Unreadable();
    this.at += digits.length;
    const value = BigInt(`0x${digits.replace(/[n_]/g, '') || '0'}`);
    return digits.startsWith('n') ? `-${value}` : `${value}`;
  }

  private listToEnd(one: () => string): string {
    const parts: string[] = [];
    while (this.text[this.at] !== 'E') parts.push(one());
    this.at++;
    return this.short(parts.join(', '));
  }

  private backReference<T>(what: () => T): T {
    const start = this.at - 1;
    const target = this.base62();
    if (target >= start) throw new Unreadable();
    const back = this.at;
    this.at = target;
    const read = what();
    this.at = back;
    return read;
  }

  private identifier(): { name: string; disambiguator: number } {
    const disambiguator = this.disambiguator();
    // An identifier in Punycode is given as it stands.
    if (this.text[this.at] === 'u') this.next();
    const digits = /^(?:0|[1-9]\d{0,3})/.exec(this.text.slice(this.at, this.at + 4))?.[0];
    if (digits === undefined) throw new Unreadable();
    this.at += digits.length;
    if (this.text[this.at] === '_') this.at++;
    const end = this.at + Number(digits);
    if (end > this.text.length || ++this.steps > STEPS_LIMIT) throw new Unreadable();
    const name = this.text.slice(this.at, end);
    this.at = end;
    return { name, disambiguator };
  }

  private disambiguator(): number {
    if (this.text[this.at] !== 's') return 0;
    this.next();
    return this.base62() + 1;
  }

  /** Digits 0-9, a-z, A-Z up to `_`; none at all is 0, and one is counted from 1. */
  private base62(): number {
    const digits = /^[0-9a-zA-Z]{0,12}_/.exec(this.text.slice(this.at, this.at + 13))?.[0];
    if (digits === undefined) throw new Unreadable();
    this.at += digits.length;
    if (digits === '_') return 0;
    let value = 0;
    for (const digit of digits.slice(0, -1)) value = value * 62 + DIGITS.indexOf(digit);
    return value + 1;
  }

  private short(text: string): string {
    if (text.length > LENGTH_LIMIT) throw new Unreadable();
    return text;
  }
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
