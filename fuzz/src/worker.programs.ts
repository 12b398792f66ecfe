import { readFileSync } from 'node:fs';
import { nodeProcess } from './node_process.ts';
import { type Programs, programSubject } from './programs.ts';
import { type Job, type Platform, runCases } from './run_cases.ts';

// Runs programs from Node: two words, where the programs are and the job, as JSON.
const TICK_MILLISECONDS = 10;
const platform: Platform = {
  ...nodeProcess,
  // Of the programs: cutime and cstime are the 16th and 17th field, the first behind the name is the 3rd.
  cpuMilliseconds: () => {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) * TICK_MILLISECONDS;
  },
  // They have limits of their own.
  resetPeak: () => undefined,
  peakBytes: () => 0,
  warmUp: 1,
};
const programs = JSON.parse(process.argv[2] ?? '') as Programs;
const job = JSON.parse(process.argv[3] ?? '') as Job;
runCases(platform, job, programSubject(programs, job));
