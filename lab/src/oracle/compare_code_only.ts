import type { Agreement } from './agreement.ts';

/**
 * Compares the report of a dump, value by value, with the one that is made when the kernel's symbols for data are
 * taken away, as if it had been built without `CONFIG_KALLSYMS_ALL`.
 */
export function compareCodeOnly(
  whole: unknown,
  codeOnly: unknown,
  agreement: Agreement,
  where = 'report',
): void {
  const names = new Set([...keys(whole), ...keys(codeOnly)]);
  if (names.size === 0) agreement.compare('without symbols for data', where, text(codeOnly), text(whole));
  for (const name of names)
    compareCodeOnly(member(whole, name), member(codeOnly, name), agreement, `${where}.${name}`);
}

function keys(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Tells an empty list from none, and a number from its digits. */
function text(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
