import { expect, it } from 'vitest';
import { accountOf } from './accounted.ts';

it('tells what a page lacks, and numbers that nothing accounts for', () => {
  const text = 'kworker/0:1 (12)\nran at  1.250 s on CPU 3';
  expect(accountOf(text, ['kworker/0:1 (12)', 'at 1.250 s', 'CPU 3'])).toEqual({ missing: [], besides: [] });
  expect(accountOf(text, ['kworker/0:1 (13)', 'at 1.250 s', 'CPU 3'])).toEqual({
    missing: ['kworker/0:1 (13)'],
    besides: ['kworker/0:1 (12) ran § on §'],
  });
});
