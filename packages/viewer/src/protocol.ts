import type { Hex, Report, ReportFrame, ReportLogItem, ReportTask, StackEnd } from '@kcrash/report/report';

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

/** What a task has, and as whom it acts. */
export interface TaskDetails {
  readonly files: readonly {
    readonly descriptor: number;
    readonly name: string;
    readonly address: Hex;
    readonly position: number;
    /** `O_…`, in octal as /proc/PID/fdinfo has them. */
    readonly flags: string;
  }[];
  /** Names and values of single facts: user, memory, directories, namespaces. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly problems: readonly string[];
}

/** A value of the kernel's memory. */
export interface ValueNode {
  /** `.comm`, `[3]`; empty for the whole. */
  readonly label: string;
  /** By which it can be asked for again, in C's words. */
  readonly expression: string;
  readonly type: string;
  /** Where it lies; null for a value that lies nowhere. */
  readonly address: Hex | null;
  /** Offset in bytes in the object around it; null for the whole. */
  readonly offset: number | null;
  /** The value in words; null for what has parts. */
  readonly text: string | null;
  /** Why it cannot be read. */
  readonly missing: string | null;
  /** For a pointer: where it leads, what has a name there, and an expression for what it points to. */
  readonly pointer: {
    readonly to: Hex;
    readonly symbol: string | null;
    readonly follow: string | null;
  } | null;
  /** Whether it has parts to be asked for. */
  readonly parts: boolean;
  /** Whether it is the head or a node of a list (C `struct list_head`). */
  readonly list: boolean;
}

/** What an expression means. */
export interface ValueAnswer {
  /** The CPU, for a per-CPU variable. */
  readonly cpu: number | null;
  readonly whole: ValueNode;
  readonly parts: readonly ValueNode[];
  /** Parts that are not told, of an array that is too long. */
  readonly left: number;
}

/** Objects on a list. */
export interface ListAnswer {
  readonly objects: readonly { readonly expression: string; readonly address: Hex; readonly words: string }[];
  readonly problem: string | null;
}

/** A line of a type's layout. */
export interface LayoutLine {
  readonly depth: number;
  /** Bytes from the start; null for a line that has no place. */
  readonly offset: number | null;
  /** First bit of a bit field in its byte, and its width. */
  readonly bits: readonly [first: number, width: number] | null;
  readonly size: number | null;
  readonly text: string;
  /** Name of a type that can be looked at. */
  readonly type: string | null;
  readonly hole: boolean;
}

/** A type, told. */
export interface LayoutAnswer {
  readonly name: string;
  readonly size: number | null;
  readonly lines: readonly LayoutLine[];
}

/** Names that were found, and how many more there are. */
export interface Found<T> {
  readonly items: readonly T[];
  readonly left: number;
}

/** A symbol that was found. */
export interface FoundSymbol {
  readonly name: string;
  readonly address: Hex;
  readonly letter: string;
  readonly module: string | null;
}

/** A type that was found. */
export interface FoundType {
  /** `struct page`. */
  readonly name: string;
  readonly size: number | null;
}

/** Bytes of one page of memory, or why there are none. */
export interface MemoryPiece {
  readonly start: Hex;
  /** Physical address of the first byte; null where nothing is mapped. */
  readonly physical: number | null;
  /** Two hexadecimal digits a byte; null where there are none. */
  readonly bytes: string | null;
  readonly length: number;
  readonly reason: string | null;
}

/** Memory around an address, a piece for each page that it touches. */
export interface MemoryAnswer {
  readonly address: Hex;
  readonly symbol: string | null;
  readonly pieces: readonly MemoryPiece[];
}

/** A class of pages, counted. */
export interface PageClassCount {
  readonly name: string;
  /** Whose the bytes are: `kernel`, `user`, `stale`, `unknown`. */
  readonly owner: string;
  /** How its pages are recognised. */
  readonly reason: string;
  /** In which step of a minimal dump they are kept; null for what such a dump leaves out. */
  readonly tier: string | null;
  readonly pages: number;
  /** Pages that this dump holds. */
  readonly held: number;
}

/** What the machine's pages were used for. */
export interface PageClasses {
  readonly pageSize: number;
  readonly frameLimit: number;
  readonly classes: readonly PageClassCount[];
  readonly findings: readonly string[];
}

/** A map of the frames `[from, to)` in cells of equal size. */
export interface PageMap {
  /** Frames of a cell; the last one may have fewer. */
  readonly framesInCell: number;
  /** Index of the class that most of a cell's frames have. */
  readonly classes: Uint8Array;
  /** How much of a cell the dump holds, 0 to 255. */
  readonly held: Uint8Array;
}

/** A slab cache. */
export interface SlabRow {
  readonly name: string;
  readonly address: Hex;
  readonly objectBytes: number;
  readonly objects: number | null;
  readonly inUse: number | null;
  readonly bytes: number | null;
}

/** The slab caches, and what could not be read. */
export interface SlabAnswer {
  readonly caches: readonly SlabRow[];
  readonly problems: readonly string[];
}

/** The worker's methods. */
export interface Methods {
  open(files: readonly DumpFile[]): Overview;
  /** Opens a dump for questions that need no report. */
  attach(files: readonly DumpFile[]): void;
  tasks(): TaskTable;
  log(): readonly ReportLogItem[];
  /** What the task at an address has open, and more. */
  details(task: Hex): TaskDetails;
  /** What an expression means: `init_task.comm`, `*(struct file *)0xff…`. */
  value(expression: string): readonly ValueAnswer[];
  /** The objects of a type on the list that begins at an address, by their member. */
  list(head: Hex, type: string, member: string): ListAnswer;
  types(query: string): Found<FoundType>;
  layout(name: string): LayoutAnswer;
  /** `length` bytes at an address or symbol; `physical:0x…` for a physical address. */
  memory(address: string, length: number): MemoryAnswer;
  symbols(query: string): Found<FoundSymbol>;
  pageClasses(): PageClasses;
  /** At most 65536 cells. */
  pageMap(from: number, to: number, cells: number): PageMap;
  slabs(): SlabAnswer;
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
  /** Code of a DumpError or a QuestionError; `internal` for an error of the viewer's own. */
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
