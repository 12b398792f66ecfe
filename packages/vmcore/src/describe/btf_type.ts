/** The types of a C program as BTF describes them; one record each, referring to others by number. */

/** Number of a type in its BTF; 0 is `void`. */
export type TypeId = number;

/** A member of a struct or union. */
export interface Member {
  /** Empty for an anonymous struct or union. */
  readonly name: string;
  readonly type: TypeId;
  /** Offset from the start of the struct, in bits. */
  readonly bitOffset: number;
  /** Width in bits of a bit field; 0 for any other member. */
  readonly bitSize: number;
}

/** `int`, `char`, `unsigned long`, `_Bool` … */
export interface IntType {
  readonly kind: 'int';
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly signed: boolean;
  readonly char: boolean;
  readonly bool: boolean;
  /** Old writers describe a bit field by an `int` type with its own offset and width. */
  readonly bitOffset: number;
  readonly bits: number;
}

export interface StructType {
  readonly kind: 'struct' | 'union';
  /** Empty where it has no tag. */
  readonly name: string;
  readonly size: number;
  readonly members: readonly Member[];
}

export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: TypeId;
  readonly index: TypeId;
  readonly length: number;
}

/** A pointer, or a qualifier of another type. */
export interface ReferenceType {
  readonly kind: 'ptr' | 'volatile' | 'const' | 'restrict';
  readonly type: TypeId;
}

export interface TypedefType {
  readonly kind: 'typedef' | 'type_tag';
  readonly name: string;
  readonly type: TypeId;
}

/** A tag declared and never defined here. */
export interface ForwardType {
  readonly kind: 'fwd';
  readonly name: string;
  readonly of: 'struct' | 'union';
}

export interface FunctionType {
  readonly kind: 'func_proto';
  readonly returns: TypeId;
  /** A last parameter of type 0 with no name stands for `...`. */
  readonly parameters: readonly { readonly name: string; readonly type: TypeId }[];
}

/** A function of the kernel; `type` is its prototype. */
export interface FunctionObject {
  readonly kind: 'func';
  readonly name: string;
  readonly type: TypeId;
  readonly linkage: 'static' | 'global' | 'extern';
}

/** A variable; in a kernel's BTF only the per-CPU ones, unless it was built to have all. */
export interface VariableObject {
  readonly kind: 'var';
  readonly name: string;
  readonly type: TypeId;
  readonly linkage: 'static' | 'global' | 'extern';
}

/** A section with variables. */
export interface DataSection {
  readonly kind: 'datasec';
  readonly name: string;
  readonly size: number;
  readonly variables: readonly { readonly type: TypeId; readonly offset: number; readonly size: number }[];
}

export interface FloatType {
  readonly kind: 'float';
  readonly name: string;
  readonly size: number;
}

/** A remark on a declaration; `component` is the member or parameter, -1 for the whole. */
export interface DeclarationTag {
  readonly kind: 'decl_tag';
  readonly name: string;
  readonly type: TypeId;
  readonly component: number;
}

/** Type 0. */
export interface VoidType {
  readonly kind: 'void';
}

/** A kind that this library does not know, but whose size the blob tells. */
export interface UnknownType {
  readonly kind: 'unknown';
  readonly number: number;
}

export type BtfType =
  | VoidType
  | IntType
  | StructType
  | EnumType
  | ArrayType
  | ReferenceType
  | TypedefType
  | ForwardType
  | FunctionType
  | FunctionObject
  | VariableObject
  | DataSection
  | FloatType
  | DeclarationTag
  | UnknownType;

/** What `Btf.find` looks for; `enum` finds both widths of it. */
export type NamedKind =
  | 'int'
  | 'float'
  | 'struct'
  | 'union'
  | 'enum'
  | 'typedef'
  | 'fwd'
  | 'func'
  | 'var'
  | 'datasec';
