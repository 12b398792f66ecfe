import { afterEach, expect, it } from 'vitest';
import { calendarTime, durationText } from './time_text.ts';

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

it('prints times in the reader’s zone, summer and winter', () => {
  process.env.TZ = 'UTC';
  expect(calendarTime(1_700_000_000_000)).toBe('Tue Nov 14 22:13:20 UTC 2023');
  process.env.TZ = 'America/New_York';
  expect(calendarTime(1_700_000_000_000)).toBe('Tue Nov 14 17:13:20 EST 2023');
  expect(calendarTime(1_688_000_000_000)).toBe('Wed Jun 28 20:53:20 EDT 2023');
  expect(calendarTime(Number.POSITIVE_INFINITY)).toBe('unknown');
});

it('prints durations', () => {
  expect(durationText(59.9)).toBe('00:00:59');
  expect(durationText(86_400 + 3661)).toBe('1 day, 01:01:01');
  expect(durationText(3 * 86_400)).toBe('3 days, 00:00:00');
});
