import { describe, expect, it } from 'vitest';
import { jsonText } from './json_text.ts';

describe('JSON', () => {
  // Found by fuzzing: a page of noise where the log's dictionary was.
  it('has no character that a terminal obeys', () => {
    const value = { text: '\u009b31m\u007f\u001b]0;\u0007', key: ['\u202e', 'é ✓'] };
    const text = jsonText(value);
    expect(text).toBe('{"text":"\\u009b31m\\u007f\\u001b]0;\\u0007","key":["\\u202e","é ✓"]}');
    expect(JSON.parse(text)).toEqual(value);
  });

  it('may be told how a value is written', () => {
    expect(jsonText({ a: undefined }, (_key, item) => item ?? null)).toBe('{"a":null}');
  });
});
