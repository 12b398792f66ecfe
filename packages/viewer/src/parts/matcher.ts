/** Whether a text has what is searched for, wherever upper and lower case; `/…/` is a regular expression. */
export type Matcher = (text: string) => boolean;

/** Longer texts are searched by a regular expression only so far: an odd one may take for ever on a long text. */
const MOST_CHARACTERS = 2000;

/** Makes a matcher; undefined for nothing to search for. An expression that is none is searched for as it stands. */
export function matcherOf(query: string): Matcher | undefined {
  const wanted = query.trim();
  if (wanted === '') return undefined;
  const pattern = /^\/(.+)\/$/.exec(wanted)?.[1];
  if (pattern !== undefined) {
    try {
      const expression = new RegExp(pattern, 'i');
      return (text) => expression.test(text.slice(0, MOST_CHARACTERS));
    } catch {
      // Half of an expression, as one types it.
    }
  }
  const plain = wanted.toLowerCase();
  return (text) => text.toLowerCase().includes(plain);
}
