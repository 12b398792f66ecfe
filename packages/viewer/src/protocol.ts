import type { Report, ReportFrame, ReportLogItem, ReportTask, StackEnd } from '@kcrash/report/report';

/**
 * What page and worker say to each other. The page asks by a method's name, the worker answers each question once;
 * all values are plain and are copied.
 */

/** Where the bytes of a dump come from: a file that the user gave, or what `kcrash view` serves. */
export type DumpFile =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'served'; readonly name: string; readonly bytes: number; readonly url: string };

/** What is known once a dump is open. */
export interface Overview {
  /** The file, or the files of a split set. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly container: {
    readonly format: string;
    readonly compression: string | null;
    readonly dumpLevel: number | null;
    readonly incomplete: boolean;
  };
  /** The report without its tasks and its log, which are asked for on their own. */
  readonly report: Report;
  /** Findings of the whole report. */
  readonly findings: readonly string[];
  readonly tasks: {
    readonly total: number;
    readonly blocked: number;
    /** `12 sleeping, 3 blocked`. */
    readonly states: string;
  };
  readonly logRecords: number;
  /** Index of the log's item where the crash begins; null where the log tells of none. */
  readonly crashAt: number | null;
}

/** A stack that one task or many have. */
export interface SharedStack {
  readonly frames: readonly ReportFrame[];
  readonly end: StackEnd;
}

/** A task whose stack is one of the table's. */
export type TaskRow = Omit<ReportTask, 'stack' | 'stackEnd'> & { readonly stack: number };

/** All tasks, in the report's order; equal stacks are there once. */
export interface TaskTable {
  readonly rows: readonly TaskRow[];
  readonly stacks: readonly SharedStack[];
}

/** The worker's methods. */
export interface Methods {
  open(files: readonly DumpFile[]): Overview;
  tasks(): TaskTable;
  log(): readonly ReportLogItem[];
  /** The report as `kcrash report` writes it. */
  exported(form: 'json' | 'html'): string;
}

/** A question of the page's. */
export interface Question {
  readonly id: number;
  readonly method: keyof Methods;
  readonly arguments: readonly unknown[];
}

/** Why a question has no answer. */
export interface Refusal {
  /** Code of a DumpError, `refused` for what cannot be asked so, `internal` for an error of the viewer's own. */
  readonly code: string;
  readonly message: string;
  /** For a file that is no dump: what it is instead. */
  readonly instead?: string;
}

/** What the worker says: how far it has come, that it is there, or an answer. */
export type Message =
  | { readonly kind: 'progress'; readonly stage: string; readonly bytesRead: number }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly refusal: Refusal };
