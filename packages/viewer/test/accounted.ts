import { visible } from '../src/parts/visible.ts';

/** As the page shows it: what would not be seen spelt out, white space as one space. */
function shown(text: string): string {
  return visible(text).replace(/\s+/g, ' ').trim();
}

/** What a page should say and does not, and the numbers that it says besides. */
export interface Account {
  readonly missing: string[];
  readonly besides: string[];
}

/** Takes everything that a page should say out of its text; numbers that are left come from nowhere. */
export function accountOf(text: string, expected: readonly string[]): Account {
  const wanted = [...new Set(expected.map(shown))].filter((each) => each !== '');
  wanted.sort((a, b) => b.length - a.length);
  const page = text.replace(/\s+/g, ' ');
  let left = page;
  for (const each of wanted) left = left.replaceAll(each, '§');
  return {
    missing: wanted.filter((each) => !page.includes(each)),
    besides: [...left.matchAll(/.{0,30}\d.{0,30}/g)].map(([found]) => found),
  };
}
