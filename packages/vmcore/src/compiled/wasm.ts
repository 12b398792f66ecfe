import type { Compiled } from './compiled.ts';

/** Node and browsers have it; the types of the library do not. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

type Exports = Omit<Compiled, 'memory'> & { readonly memory: { readonly buffer: ArrayBuffer } };

/** Instances of a WebAssembly module, each with memory of its own. It is compiled when the first is made. */
export function instancesOf(bytes: () => Uint8Array): () => Compiled {
  let module: object | undefined;
  return () => {
    module ??= new WebAssembly.Module(bytes());
    const { memory, ...functions } = new WebAssembly.Instance(module).exports as Exports;
    return { ...functions, memory: memory.buffer };
  };
}
