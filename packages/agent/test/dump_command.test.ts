import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../src/command_line.ts';
import { main } from '../src/main.ts';
import { FakePort } from './fake_port.ts';
import { smallVmcore } from './small_vmcore.ts';

const parse = (...words: string[]) => parseCommandLine(['dump', ...words]);

describe('kcrash dump', () => {
  it('takes a source, a file to write, and what to keep', () => {
    const { problems, dump, wish } = parse(
      ...['/proc/vmcore', '/persist/a', '--budget-mib', '8', '--codec=zlib'],
      ...['--keep', 'page cache', '--drop', 'slab', '--drop', 'vmalloc', '--no-scrub'],
    );
    expect(problems).toEqual([]);
    expect(dump).toBe('/proc/vmcore');
    expect(wish).toEqual({
      out: '/persist/a',
      budgetBytes: 8 << 20,
      codec: 'zlib',
      keep: ['page cache'],
      drop: ['slab', 'vmalloc'],
      scrub: false,
    });
  });

  it.each([
    [[], 'dump wants a dump'],
    [['/a'], 'dump wants a file to write'],
    [['/a', '/b', '/c'], 'unexpected argument /c'],
    [['/a', '/b', '--budget-mib', '0'], '--budget-mib 0: wanted a number of MiB, 1 or more'],
    [['/a', '/b', '--codec', 'lzo'], '--codec lzo: wanted zstd, zlib, none'],
  ])('refuses %j', (words, problem) => {
    expect(parse(...words).problems).toEqual([problem]);
  });

  it('names the classes where one is unknown', () => {
    expect(parse('/a', '/b', '--keep', 'tmpfs').problems.join()).toMatch(/^--keep tmpfs: wanted .*, slab, /);
  });

  it('of a kernel that does not describe itself is an error, and leaves nothing behind', () => {
    const port = new FakePort();
    port.set('/proc/vmcore', smallVmcore(['Linux version 6.1'], 1_789_999_990));
    const before = port.list('/persist');
    expect(main(port, ['dump', '/proc/vmcore', '/persist/a.dump'], 'test')).toBe(1);
    expect(port.list('/persist')).toEqual(before);
  });
});
