// What crash is asked beyond sys, bt and log, and its answers as data.
import type { CrashCommands } from './crash_session.ts';

/** The commands; structs are named as `struct -o` takes them. */
export function surveyCommands(structs: readonly string[], variables: readonly string[]): CrashCommands {
  return {
    ps: ['ps'],
    mod: ['mod'],
    mount: ['mount'],
    net: ['net'],
    struct: structs.map((name) => `struct -o ${name}`),
    p: variables.map((name) => `p -d ${name}`),
    sym: variables.map((name) => `sym ${name}`),
  };
}

/** A line of `ps`. */
export interface CrashTask {
  readonly address: bigint;
  readonly pid: number;
  readonly ppid: number;
  readonly cpu: number;
  /** `RU`, `IN`, `UN` … */
  readonly state: string;
  /** In KiB. */
  readonly virtualKib: number;
  readonly residentKib: number;
  /** In brackets for a thread of the kernel's own. */
  readonly comm: string;
}

const TASK = /^[> ] +(\d+) +(-?\d+) +(\d+) +([0-9a-f]{16}) +(\S\S) +[\d.]+ +(\d+) +(\d+) +(.*)$/;

/** Reads `ps`. */
export function parsePs(text: string): CrashTask[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, ppid, cpu, address, state, virtual, resident, comm] = TASK.exec(line) ?? [];
    if (comm === undefined) return [];
    return {
      address: BigInt(`0x${address}`),
      pid: Number(pid),
      ppid: Number(ppid),
      cpu: Number(cpu),
      state: state ?? '',
      virtualKib: Number(virtual),
      residentKib: Number(resident),
      comm,
    };
  });
}

/** Reads tables such as `mod`: each line that begins with an address, with one blank between its words. */
export function parseTable(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^[0-9a-f]{16} /.test(line))
    .map((line) => line.replace(/\s+/g, ' ').trim());
}

/** A struct by `struct -o`. */
export interface CrashStruct {
  readonly name: string;
  readonly size: number;
  /** `name@12`: each member with its offset in bytes. */
  readonly members: readonly string[];
}

const MEMBER = /^ *\[(\d+)\] .*?(?:\(\*+(\w+)[^)]*\)\(.*\)|(\w+)(?:\[[^\]]*\])*(?: : \d+)?);$/;

/** Reads the output of many `struct -o`. */
export function parseStructs(text: string): CrashStruct[] {
  const found: CrashStruct[] = [];
  let name: string | undefined;
  let members: string[] = [];
  for (const line of text.split('\n')) {
    const started = /^struct (\w+) \{/.exec(line)?.[1];
    const size = /^SIZE: (\d+)/.exec(line)?.[1];
    const [, offset, pointer, plain] = MEMBER.exec(line) ?? [];
    if (started !== undefined) {
      name = started;
      members = [];
    } else if (size !== undefined && name !== undefined) {
      found.push({ name, size: Number(size), members });
      name = undefined;
    } else if (offset !== undefined) members.push(`${pointer ?? plain}@${offset}`);
  }
  return found;
}

/** Reads many `p -d NAME`: values of plain numbers by name. */
export function parseValues(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [, name, value] of text.matchAll(/^(\w+) = \$\d+ = (-?\d+)$/gm)) {
    if (name !== undefined && value !== undefined) values.set(name, value);
  }
  return values;
}

/** Reads many `sym NAME`: addresses by name. */
export function parseSymbols(text: string): Map<string, bigint> {
  const addresses = new Map<string, bigint>();
  for (const [, address, name] of text.matchAll(/^([0-9a-f]{16}) \(\w\) (\w+)/gm)) {
    if (name !== undefined) addresses.set(name, BigInt(`0x${address}`));
  }
  return addresses;
}
