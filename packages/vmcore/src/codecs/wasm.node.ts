import type { Codecs, Decompress } from './codec.ts';

/** What the module that `packages/vmcore/assembly` becomes exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly input: { readonly value: number };
  readonly mostInput: { readonly value: number };
  readonly output: { readonly value: number };
  readonly mostOutput: { readonly value: number };
  readonly lzo: Decode;
  readonly inflate: Decode;
  readonly zstd: Decode;
}

/** Decompresses `inputLength` bytes at `input` to `output`; how many there are now, or below zero for damage. */
type Decode = (inputLength: number, room: number) => number;

/** Node has it; the types of Node 20 do not. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/**
 * The decompressors of a WebAssembly module, which are as fast from their first page on as those in TypeScript become
 * after some hundred milliseconds, and faster then. `plain` says what is wrong with damaged data, and takes pages that
 * are larger than the module's memory.
 */
export function wasmCodecs(bytes: Uint8Array, plain: Codecs): Pick<Codecs, 'zlib' | 'lzo' | 'zstd'> {
  const wasm = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
  const memory = new Uint8Array(wasm.memory.buffer);
  const input = wasm.input.value;
  const output = wasm.output.value;
  const mostInput = wasm.mostInput.value;
  const mostOutput = wasm.mostOutput.value;
  const decoder =
    (decode: Decode, otherwise: Decompress): Decompress =>
    (from, to) => {
      if (from.length > mostInput || to.length > mostOutput) return otherwise(from, to);
      memory.set(from, input);
      const size = decode(from.length, to.length);
      if (size < 0) return otherwise(from, to);
      to.set(memory.subarray(output, output + size));
      return size;
    };
  return {
    zlib: decoder(wasm.inflate, plain.zlib),
    lzo: decoder(wasm.lzo, plain.lzo),
    zstd: decoder(wasm.zstd, plain.zstd),
  };
}
