import type { Random } from './random.ts';

/** Damages the text of a log in one way; says which. Characters are bytes. */
type LogDamage = (text: string, others: readonly string[], random: Random) => readonly [string, string];

const LOG_DAMAGE: readonly LogDamage[] = [
  cutOff,
  flippedBits,
  lostLines,
  repeatedLines,
  movedLines,
  interleaved,
  brokenLines,
  joinedLines,
  longLine,
  junk,
  limits,
  limits,
];

/** Text that readers of logs look for, and bytes that no console should send. */
const JUNK = [
  '\0',
  '\x1b[31m',
  '\x1b]0;title\x07',
  '\r',
  '\t',
  '\xff\xfe',
  '\xc0\x80',
  '\xed\xa0\x80',
  '\xf0\x9f',
  '\xe2\x80\xae',
  '\xc2\x9b31m',
  '[ 1.0] ',
  '[<ffffffff81000000>] ',
  ' ? ',
  '+0x1/0x2',
  '_RNvC',
  'BUG: ',
  'Call Trace:',
  '** replaying previous printk message **',
];
const LONGEST_LINE = 200_000;
const MOST_LINES = 20_000;
const NUMBERS = [
  '0',
  '-1',
  'ffffffffffffffff',
  '18446744073709551616',
  '9007199254740993',
  '9'.repeat(400),
  '0x',
  '',
];

/** A log with some damage: pieces lost, repeated, mixed with another log's, or with what is no text at all. */
export function damagedLog(
  whole: string,
  others: readonly string[],
  random: Random,
): { readonly text: string; readonly damage: readonly string[] } {
  let text = whole;
  const damage: string[] = [];
  for (let n = random.few(4); n > 0; n--) {
    const [changed, said] = random.pick(LOG_DAMAGE)(text, others, random);
    text = changed;
    damage.push(said);
  }
  return { text, damage };
}

function cutOff(text: string, _others: readonly string[], random: Random): readonly [string, string] {
  const at = random.below(text.length);
  if (random.chance(50)) return [text.slice(0, at), `cut off at ${at}`];
  return [text.slice(at), `begins at ${at}`];
}

function flippedBits(text: string, _others: readonly string[], random: Random): readonly [string, string] {
  const count = random.few(256);
  const bytes = Array.from(text);
  for (let n = 0; n < count && bytes.length > 0; n++) {
    const at = random.below(bytes.length);
    bytes[at] = String.fromCharCode((bytes[at] ?? '').charCodeAt(0) ^ (1 << random.below(8)));
  }
  return [bytes.join(''), `${count} bits flipped`];
}

function lostLines(text: string, _others: readonly string[], random: Random): readonly [string, string] {
  const lines = text.split('\n');
  const at = random.below(lines.length);
  const count = random.few(64);
  lines.splice(at, count);
  return [lines.join('\n'), `${count} lines lost at line ${at}`];
}

function repeatedLines(text: string, _others: readonly string[], random: Random): readonly [string, string] {
  const lines = text.split('\n');
  const at = random.below(lines.length);
  const some = lines.slice(at, at + random.few(16));
  const times = Math.floor(random.few(MOST_LINES) / some.length) + 1;
  const more = Array.from({ length: times }, () => some).flat();
  return [
    [...lines.slice(0, at), ...more, ...lines.slice(at)].join('\n'),
    `${some.length} lines at line ${at} repeated ${times} times`,
  ];
}

function movedLines(text: string, others: readonly string[], random: Random): readonly [string, string] {
  const lines = text.split('\n');
  const other = random.chance(50) ? lines : random.pick(others).split('\n');
  const from = random.below(other.length);
  const some = other.slice(from, from + random.few(64));
  const to = random.below(lines.length);
  lines.splice(to, random.chance(50) ? some.length : 0, ...some);
  return [lines.join('\n'), `${some.length} lines of ${other === lines ? 'it' : 'another'} at line ${to}`];
}

/** Two CPUs at one console. */
function interleaved(text: string, others: readonly string[], random: Random): readonly [string, string] {
  const lines = text.split('\n');
  const other = random.pick(others).split('\n');
  const at = random.below(lines.length);
  const both = lines.slice(at).flatMap((line, n) => (n < other.length ? [line, other[n] ?? ''] : [line]));
  return [[...lines.slice(0, at), ...both].join('\n'), `another's lines among its own from line ${at}`];
}

function brokenLines(text: string, others: readonly string[], random: Random): readonly [string, string] {
  const count = random.few(32);
  let broken = text;
  for (let n = 0; n < count; n++) {
    const at = random.below(broken.length);
    const other = random.pick(others);
    const from = random.below(other.length);
    const middle = random.chance(50) ? '\n' : other.slice(from, from + random.few(256));
    broken = broken.slice(0, at) + middle + broken.slice(at);
  }
  return [broken, `broken in ${count} places`];
}

function joinedLines(text: string, _others: readonly string[], random: Random): readonly [string, string] {
  const by = random.pick(['', ' ', '\r', '\0', '\r\n', '\n\n']);
  return [text.replaceAll('\n', by), `newlines are ${JSON.stringify(by)}`];
}

/** A piece of the log, or junk, over and over in a line. */
function longLine(text: string, _others: readonly string[], random: Random): readonly [string, string] {
  const from = random.below(text.length);
  const piece = (random.chance(50) ? text.slice(from, from + random.few(64)) : random.pick(JUNK)) || ' ';
  const times = Math.ceil(random.few(LONGEST_LINE) / piece.length);
  const at = random.below(text.length);
  return [
    text.slice(0, at) + piece.repeat(times) + text.slice(at),
    `${JSON.stringify(piece)} ${times} times at ${at}`,
  ];
}

function junk(text: string, _others: readonly string[], random: Random): readonly [string, string] {
  const count = random.few(64);
  let mixed = text;
  for (let n = 0; n < count; n++) {
    const at = random.below(mixed.length);
    mixed = mixed.slice(0, at) + random.pick(JUNK) + mixed.slice(at);
  }
  return [mixed, `junk in ${count} places`];
}

/** Numbers at their limits. */
function limits(text: string, _others: readonly string[], random: Random): readonly [string, string] {
  const numbers = [...text.matchAll(/[0-9a-f]*[0-9][0-9a-f]*/g)];
  if (numbers.length === 0) return junk(text, [], random);
  const { 0: old, index } = random.pick(numbers);
  const value = random.pick(NUMBERS);
  const changed = random.chance(70)
    ? text.slice(0, index) + value + text.slice(index + old.length)
    : text.replaceAll(old, () => value);
  return [changed, `${old} is ${value.slice(0, 20)}`];
}
