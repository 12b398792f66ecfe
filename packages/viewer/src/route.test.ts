import { describe, expect, it } from 'vitest';
import { parseRoute, routeHash } from './route.ts';

describe('places in the page', () => {
  it('has the summary where nothing is said', () => {
    expect(parseRoute('')).toEqual({ view: 'summary', argument: '', options: {} });
    expect(parseRoute('#')).toEqual({ view: 'summary', argument: '', options: {} });
  });

  it('reads a view with its argument and options', () => {
    expect(parseRoute('#task=123&q=a%20b')).toEqual({ view: 'task', argument: '123', options: { q: 'a b' } });
  });

  it('reads back what it writes', () => {
    for (const argument of [
      '',
      '1',
      '*(struct task_struct *)0xffff',
      'a&b=c#d',
      'é\u202e%',
      'a+b',
      'init_task->mm',
    ]) {
      const options = { q: 'x&y=z', state: 'D' };
      expect(parseRoute(routeHash('value', argument, options))).toEqual({ view: 'value', argument, options });
    }
  });

  it('leaves out options that are empty', () => {
    expect(routeHash('tasks', '', { q: '', cpu: '1' })).toBe('#tasks&cpu=1');
  });
});
