import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { openDump } from '@kcrash/vmcore/dump';
import { readLog } from '@kcrash/vmcore/kernel/printk';
import { readTasks } from '@kcrash/vmcore/kernel/tasks';
import { afterAll, describe, expect, it } from 'vitest';
import { makeCase } from './case.ts';
import { exercise } from './exercise.ts';
import { makeSample } from './sample.ts';
import { writeSmallDumps } from './small_dumps.ts';

describe('cases', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kcrash-fuzz-test-'));
  const files = writeSmallDumps(folder).map((paths) => paths.map((path) => new FileSource(path)));
  const samples = files.map((sources, n) => makeSample(`sample ${n}`, sources));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('start from dumps that can be read', () => {
    for (const sources of files) {
      const dump = openDump(sources);
      expect(readTasks(dump).tasks.map(({ comm }) => comm)).toContain('crasher');
      const log = [...readLog(dump.memory, dump.vmcoreinfo)];
      expect(log.filter(({ kind }) => kind === 'gap')).toEqual([]);
      expect(log.length).toBeGreaterThanOrEqual(10);
    }
    // Of a flattened or a split one, memory is not damaged word by word.
    expect(samples.filter(({ target }) => target !== undefined)).toHaveLength(6);
  });

  it('are the same for the same seed and number', () => {
    for (let number = 0; number < 50; number++) {
      const [first, second] = [makeCase(samples, 9, number), makeCase(samples, 9, number)];
      expect(second.damage).toEqual(first.damage);
      first.files.forEach((file, n) => {
        const other = second.files[n] as (typeof first.files)[number];
        expect(other.size).toBe(file.size);
        const size = Math.min(file.size, 1 << 20);
        expect(Buffer.compare(other.read(0, size), file.read(0, size))).toBe(0);
      });
    }
    expect(makeCase(samples, 10, 0).damage).not.toEqual(makeCase(samples, 9, 0).damage);
  });

  it('end in a refusal or in a report', () => {
    const outcomes = new Set<string>();
    for (let number = 0; number < 60; number++) {
      outcomes.add(exercise(makeCase(samples, 11, number).files, {}).outcome);
    }
    expect([...outcomes].sort()).toEqual(['partial', 'refused']);
  });

  it('let through an error that is none of the library', () => {
    const broken = {
      size: 8192,
      read: () => {
        throw new TypeError('not what a dump can do');
      },
    };
    expect(() => exercise([broken], {})).toThrow(TypeError);
  });
});
