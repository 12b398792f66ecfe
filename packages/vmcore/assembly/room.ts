/** Bytes that may be looked at or overwritten past the end of input and output. */
export const PADDING: i32 = 16;
/** The largest page, and the largest that one may be compressed to. */
export const MOST_OUTPUT: i32 = 1 << 16;
export const MOST_INPUT: i32 = 1 << 17;

/** Where the caller puts what is compressed, and finds what it holds. */
export const INPUT: usize = memory.data(MOST_INPUT + PADDING, 16);
export const OUTPUT: usize = memory.data(MOST_OUTPUT + PADDING, 16);

/** What a decompressor returns for damaged input. */
export const DAMAGED: i32 = -1;
