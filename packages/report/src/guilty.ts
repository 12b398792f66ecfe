import { counterOf, framesOf } from './frame.ts';
import { allocates, commonName, isEntry, onlyCarries, onlyWaits, sourceName } from './title_frames.ts';
import type { TitleRule } from './title_rules.ts';

/** Where the stacks of others begin: who allocated or freed the memory, what else waits. */
const OTHER_STACK =
  /^(?:[Aa]llocated by|[Ff]reed by|Allocated:|Freed:|kfence-#\d+|Last potentially related|The buggy address|Memory state around|Uninit was (?:stored|created)|Local variable|page last free|Showing all locks held)/;
/** Below it stands who went into atomic context, not what went wrong there. */
const NOT_A_STACK = 'Preemption disabled at';

/** The functions that a report's registers and stack traces name. */
export interface Stack {
  /** As the source names them, in the report's order: innermost first. */
  readonly functions: readonly string[];
  /** How many of them a stack trace gave, not a register. */
  readonly traced: number;
  /** True when the stack of another report stands among the lines, or lines are missing. */
  readonly mixed: boolean;
}

/** Reads the stack from a report's messages. */
export function stackOf(report: readonly string[]): Stack {
  const functions: string[] = [];
  let traced = 0;
  let mixed = false;
  for (const [index, text] of report.entries()) {
    if (OTHER_STACK.test(text)) break;
    if (text.includes('printk messages dropped')) mixed = true;
    const counter = counterOf(text);
    if (counter !== null) {
      functions.push(sourceName(counter.replace(/\+0x.*/, '')));
      continue;
    }
    if (report[index - 1]?.startsWith(NOT_A_STACK)) continue;
    for (const frame of framesOf(text)) {
      if (!frame.reliable) continue;
      // A fault injected into another task prints its stack between this one's lines.
      if (frame.symbol.startsWith('should_fail') && functions.every(onlyCarries)) {
        return { functions, traced, mixed: true };
      }
      functions.push(sourceName(frame.symbol));
      traced++;
    }
  }
  return { functions, traced, mixed };
}

/** The guilty function as a rule looks for it, or null when the report does not give it. */
export function guiltyFunction(
  rule: TitleRule,
  at: string | undefined,
  report: readonly string[],
  functions: readonly string[],
): string | null {
  const said = at === undefined ? null : commonName(sourceName(at.replace(/\+0x.*/, '')));
  const skipped = (name: string) => rule.skip?.test(name) ?? false;
  const inStack = (carries: (name: string) => boolean) => firstOf(functions, carries);
  switch (rule.frame) {
    case 'entry':
      return entryOf(functions);
    case 'lock takers':
      return firstOf(takersOf(report), () => false) ?? said;
    case 'waiter':
      return inStack(onlyWaits);
    case 'allocation':
      return inStack(allocates);
    case 'at or trace':
      return said ?? inStack(() => false);
    case 'trace or at':
      return inStack(skipped) ?? said;
    default:
      return inStack(skipped);
  }
}

function firstOf(functions: readonly string[], alsoCarries: (name: string) => boolean): string | null {
  const name = functions.find((one) => !onlyCarries(one) && !alsoCarries(one));
  return name === undefined ? null : commonName(name);
}

function entryOf(functions: readonly string[]): string | null {
  for (const [index, name] of functions.entries()) {
    // Who waits for another processor is named by that, wherever it came from.
    if (name.startsWith('smp_call_function') || isEntry(name, functions[index + 1])) return commonName(name);
  }
  return null;
}

const TAKER = / at: (?:\[<[0-9a-f]{4,16}>\])?\s{0,8}([\w.]+)\+0x/;

function takersOf(report: readonly string[]): string[] {
  return report.flatMap((text) => TAKER.exec(text)?.[1] ?? []).map(sourceName);
}
