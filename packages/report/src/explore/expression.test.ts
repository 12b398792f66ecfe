import { describe, expect, it } from 'vitest';
import { parseExpression } from './expression.ts';

const name = (of: string, cpu?: number) => ({ kind: 'name', name: of, cpu });

describe('parseExpression', () => {
  it('reads members, pointers and indices from left to right', () => {
    expect(parseExpression('init_task.parent->comm[3]')).toEqual({
      kind: 'index',
      index: 3,
      of: {
        kind: 'member',
        name: 'comm',
        of: { kind: 'member', name: 'parent', of: name('init_task') },
      },
    });
  });

  it('applies * and & to all that follows', () => {
    const member = { kind: 'member', name: 'mm', of: name('init_task') };
    expect(parseExpression('*init_task.mm')).toEqual({ kind: 'star', of: member });
    expect(parseExpression('& init_task.mm')).toEqual({ kind: 'address', of: member });
  });

  it('takes a cast for what is right behind it', () => {
    expect(parseExpression('(struct zone)x.name')).toEqual({
      kind: 'member',
      name: 'name',
      of: { kind: 'cast', type: 'struct zone', of: name('x') },
    });
    expect(parseExpression('((struct file *)0xffff888000000010)->f_mode')).toEqual({
      kind: 'member',
      name: 'f_mode',
      of: { kind: 'cast', type: 'struct file *', of: { kind: 'number', value: 0xffff888000000010n } },
    });
    expect(parseExpression('(unsigned long[3])avenrun')).toMatchObject({ type: 'unsigned long[3]' });
  });

  it('reads the CPU of a per-CPU variable', () => {
    expect(parseExpression('runqueues:3')).toEqual(name('runqueues', 3));
  });

  it.each(['', '.x', 'a.', 'a..b', 'a[', 'a[-1]', 'a b', '(a', 'a)', '1x', `${'*'.repeat(500)}a`])(
    'refuses “%s”',
    (text) => {
      expect(() => parseExpression(text)).toThrow(/cannot be read/);
    },
  );
});
