import { readFileSync } from 'node:fs';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { nodePlatform } from '@kcrash/vmcore/compiled/platform.node';
import { type DumpPlatform, dumpSubject, planSubject } from './dumps.ts';
import { nodeProcess } from './node_process.ts';
import { type Job, runCases, type Subject } from './run_cases.ts';
import { titleSubject } from './titles.ts';

// Runs on Node: one word, the job as JSON.
const job = JSON.parse(process.argv[2] ?? '') as Job;
const platform: DumpPlatform = { platform: nodePlatform, open: (path) => new FileSource(path) };

function subject(): Subject {
  if (job.target === 'titles') return titleSubject((path) => readFileSync(path, 'latin1'), job);
  return job.target === 'pages' ? planSubject(platform, job) : dumpSubject(platform, job);
}

runCases(nodeProcess, job, subject());
