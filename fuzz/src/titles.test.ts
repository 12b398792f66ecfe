import { describe, expect, it } from 'vitest';
import { SAMPLES } from '../../packages/report/test/title_samples.ts';
import type { Job } from './run_cases.ts';
import { titleSubject } from './titles.ts';

const JOB: Job = {
  target: 'titles',
  samples: SAMPLES.map((_, n) => [`folder/${n}.log`]),
  seed: 5,
  numbers: [],
  limits: { milliseconds: 0, bytes: 0 },
  verbose: false,
};

describe('cases of logs', () => {
  const subject = titleSubject((path) => SAMPLES[Number(/\d+/.exec(path)?.[0])]?.log ?? '', JOB);

  it('are the same for the same number', () => {
    for (let number = 0; number < 50; number++) {
      const [first, second] = [subject.makeCase(number), subject.makeCase(number)];
      expect([second.sample, second.damage]).toEqual([first.sample, first.damage]);
    }
  });

  it('end with a title or without one', () => {
    const outcomes = new Set<string>();
    for (let number = 0; number < 200; number++) {
      outcomes.add(subject.makeCase(number).read());
    }
    expect([...outcomes].sort()).toEqual(['corrupted', 'named', 'without a crash']);
  });
});
