// What is asked of drgn about every task and many types, and what it answers; drgn_survey.py is the other side.

/** An object that each task has, and the members of it that are compared. */
export interface SurveyedObject {
  readonly name: string;
  /** Member of `task_struct` that points to it; null for the `task_struct` itself. */
  readonly pointer: string | null;
  readonly type: string;
  /** Member paths: `se.load.weight`, `tlb_ubc.flags[1]`. */
  readonly paths: readonly string[];
}

export interface SurveyRequest {
  readonly objects: readonly SurveyedObject[];
  /** `struct page`, `union thread_union`, `enum pageflags`, `pte_t`. */
  readonly types: readonly string[];
}

/** A frame that is not inlined. */
export interface SurveyedFrame {
  /** In hexadecimal with 0x; null where it cannot be told who called the frame before. */
  readonly pc: string | null;
  /** The ELF symbol that it lies in, and where that starts; null for code that no debug info covers. */
  readonly symbol: string | null;
  readonly start: string | null;
}

export interface SurveyedStack {
  readonly frames: readonly SurveyedFrame[];
  readonly inlined: number;
  /** Words where there is no stack; null where there is one. */
  readonly failure: string | null;
}

/** Values in the order of the paths: decimal digits, or a text with a character for each byte. */
export interface SurveyedValues {
  /** Null where the task has no such object, or `failure` says why it cannot be read. */
  readonly values: readonly string[] | null;
  readonly failure: string | null;
}

export interface SurveyedTask {
  readonly address: string;
  /** State as `ps` has it. */
  readonly letter: string;
  readonly cpu: number;
  readonly stack: SurveyedStack;
  readonly objects: Readonly<Record<string, SurveyedValues>>;
}

/** A member of a struct or union. */
export interface LayoutMember {
  /** Empty for an anonymous struct or union. */
  readonly name: string;
  readonly bitOffset: number;
  /** Width of a bit field; 0 for any other member. */
  readonly bitSize: number;
  /** In words: `pointer to const struct file_operations`, `array of 16 char`. */
  readonly type: string;
  /** In bytes; null for what has no size. */
  readonly size: number | null;
  /** Of a struct or union without a tag that the member is, points to, or is an array of. */
  readonly inner: Layout | null;
}

export interface CompoundLayout {
  readonly kind: 'struct' | 'union';
  /** Null where only a declaration is known. */
  readonly size: number | null;
  readonly members: readonly LayoutMember[];
}

export interface EnumLayout {
  readonly kind: 'enum';
  readonly size: number | null;
  /** Enumerators in decimal digits; null where only a declaration is known. */
  readonly values: Readonly<Record<string, string>> | null;
}

export type Layout = CompoundLayout | EnumLayout;

export interface Survey {
  readonly tasks: readonly SurveyedTask[];
  /** Null for a type that is not known by that name. */
  readonly layouts: Readonly<Record<string, Layout | null>>;
}
