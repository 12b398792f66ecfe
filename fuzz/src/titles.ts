import { findCrash, summarise } from '@kcrash/report/crash_text';
import { abrtFunctions } from '@kcrash/report/hash';
import { titleOf } from '@kcrash/report/title';
import { damagedLog } from './damage_log.ts';
import { baseName } from './dumps.ts';
import { caseSeed, Random } from './random.ts';
import type { Job, Subject } from './run_cases.ts';

/** Damaged console logs, and their titles. `read` gives a file's bytes as characters of one byte each. */
export function titleSubject(read: (path: string) => string, job: Job): Subject {
  const logs = job.samples.map(([path = '']) => ({ name: baseName(path), text: read(path) }));
  const texts = logs.map(({ text }) => text);
  return {
    samples: [],
    makeCase: (number) => {
      const random = new Random(caseSeed(job.seed, number));
      const { name: sample, text } = random.pick(logs);
      const damaged = damagedLog(text, texts, random);
      return {
        sample,
        damage: damaged.damage,
        read: () => nameCrash(damaged.text),
        undamaged: { sample, read: () => nameCrash(text) },
      };
    },
  };
}

/** Names the crash in a log, and does all else that is done with a log. */
function nameCrash(bytes: string): string {
  const log = Buffer.from(bytes, 'latin1').toString('utf8');
  const title = titleOf(log);
  if (title !== null && (title.title === '' || title.title.includes('\n'))) {
    throw new Error(`Wanted a title of one line, found ${JSON.stringify(title.title)}`);
  }
  const lines = log.split('\n');
  abrtFunctions(lines);
  const crash = findCrash(lines);
  if (crash !== null) summarise(crash);
  if (title === null) return 'without a crash';
  return title.corrupted ? 'corrupted' : 'named';
}
