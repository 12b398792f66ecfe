import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { labConsoles, labDumps } from './found_samples.ts';

describe('what the lab left', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kcrash-fuzz-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is looked for in vain where nothing is', () => {
    expect(() => labDumps(folder)).toThrow(/^There is no dump below .*: npm run lab/);
    expect(() => labDumps(join(folder, 'nowhere'))).toThrow(/^There is no dump below/);
    expect(labConsoles(join(folder, 'nowhere'))).toEqual([]);
  });

  it('is the smallest dump, one of the middle, and all consoles', () => {
    const put = (name: string, size: number, head = 'KDUMP   ') => {
      const path = join(folder, 'c-sysrq', name);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, head.padEnd(size));
      return [path];
    };
    const [, smallest, middle] = [put('a/1.dump', 30), put('b/2.dump', 10), put('c/3.dump', 20)];
    put('d/4.dump', 9, 'no dump');
    const console = put('console-1.log', 5);
    put('verdict.json', 1);
    expect(labDumps(folder)).toEqual([smallest, middle]);
    expect(labConsoles(folder)).toEqual([console]);
  });
});
