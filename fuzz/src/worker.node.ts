import { readFileSync } from 'node:fs';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { nodeCodecs } from '@kcrash/vmcore/codecs/codecs.node';
import { dumpSubject } from './dumps.ts';
import { nodeProcess } from './node_process.ts';
import { type Job, runCases } from './run_cases.ts';
import { titleSubject } from './titles.ts';

// Runs on Node: one word, the job as JSON.
const job = JSON.parse(process.argv[2] ?? '') as Job;
const subject =
  job.target === 'titles'
    ? titleSubject((path) => readFileSync(path, 'latin1'), job)
    : dumpSubject({ codecs: nodeCodecs, open: (path) => new FileSource(path) }, job);
runCases(nodeProcess, job, subject);
