import { describe, expect, it } from 'vitest';
import type { LogRecord } from './printk.ts';
import { formatRecord } from './printk_format.ts';

const record = (bytes: Uint8Array | string, more: Partial<LogRecord> = {}): LogRecord => ({
  kind: 'record',
  sequence: 1,
  nanoseconds: 123_456_789,
  level: 6,
  facility: 0,
  caller: 'T1',
  bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes,
  dictionary: undefined,
  ...more,
});
const lines = record('one\ntwo');
const odd = record(Uint8Array.of(0x61, 0x1b, 0x09, 0xc3, 0xa9, 0xff, 0x7f, 0x0d));

describe('formatRecord', () => {
  // The first four lines are what makedumpfile 1.7.2 and 1.7.6, and dmesg of kernels without and with
  // PRINTK_CALLER print.
  it.each([
    ['dump', false, lines, '[    0.123456] one\n               two\n'],
    ['dump', true, lines, '[    0.123456] [      T1] one\n                          two\n'],
    ['kernel', false, lines, '[    0.123456] one\n[    0.123456] two\n'],
    ['kernel', true, lines, '[    0.123456][    T1] one\n[    0.123456][    T1] two\n'],
    ['dump', false, odd, '[    0.123456] a\\x1b\t\\xc3\\xa9\\xff\\x7f\r\n'],
    ['kernel', false, odd, '[    0.123456] a\\x1b\té\\xff\\x7f\r\n'],
    ['kernel', true, record('x', { caller: undefined }), '[    0.123456] x\n'],
    ['dump', false, record('', { nanoseconds: 123_456_000_000_999 }), '[123456.000000] \n'],
  ] as const)('in style %s, caller %s', (style, caller, given, expected) => {
    expect(formatRecord(given, { style, caller })).toBe(expected);
  });
});
