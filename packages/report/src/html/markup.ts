/** HTML that is safe to put into a page as it is. */
export interface Markup {
  readonly html: string;
}

/** What a template takes: text is escaped, markup is not. */
type Value = string | number | Markup | readonly Markup[];

/** A template of HTML: whatever is not markup itself is escaped, in text and in quoted attributes alike. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let html = parts[0] ?? '';
  for (const [n, value] of values.entries()) html += valueHtml(value) + (parts[n + 1] ?? '');
  return { html };
}

function valueHtml(value: Value): string {
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return 'html' in value ? value.html : value.map(({ html }) => html).join('');
}

/**
 * Text as HTML. Characters that HTML gives a meaning become references; those that no page may hold or that turn the
 * direction of text around become `\x1b`, `\u{202e}`.
 */
export function escapeHtml(text: string): string {
  return text.replace(SPECIAL, (character) => {
    const reference = REFERENCES[character];
    if (reference !== undefined) return reference;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

const SPECIAL =
  /[&<>"'`]|(?![\n\t])\p{Cc}|\p{Cs}|[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]/gu;

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Markup for each item. */
export function each<T>(items: readonly T[], make: (item: T) => Markup): Markup[] {
  return items.map(make);
}

/** Nothing. */
export const NOTHING: Markup = { html: '' };
