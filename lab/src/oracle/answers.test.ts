import { describe, expect, it } from 'vitest';
import { parseAnswers } from './answers.ts';

const FILE = Buffer.from('@/proc/version 6\nLinux\n\n@/proc/1/cmdline 2\na\0\n@/proc/1/stack -13\n\n\0\0\0');

describe('parseAnswers', () => {
  it('gives the bytes of each file, and nothing of one that could not be read', () => {
    const answers = parseAnswers(FILE);
    expect(answers.paths).toEqual(['/proc/version', '/proc/1/cmdline']);
    expect(answers.text('/proc/version')).toBe('Linux\n');
    expect(answers.bytes('/proc/1/cmdline')).toEqual(Buffer.from('a\0'));
    expect(answers.bytes('/proc/1/stack')).toBeUndefined();
    expect(() => answers.text('/proc/1/stack')).toThrow('the guest did not read /proc/1/stack');
  });

  it('takes an @ in a file for what it is', () => {
    expect(parseAnswers(Buffer.from('@/a 5\n@/b 1\n@/c 0\n\n')).paths).toEqual(['/a', '/c']);
  });

  it('complains of a file that is cut off, and of what is none', () => {
    expect(() => parseAnswers(FILE.subarray(0, 20))).toThrow('should end at byte');
    expect(() => parseAnswers(Buffer.from('@/proc/version\n'))).toThrow('starts no file');
    expect(() => parseAnswers(Buffer.from('nothing'))).toThrow('starts no file');
  });
});
