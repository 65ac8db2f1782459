/** As much of WebAssembly as is used here: its types come with those of the DOM alone. */
declare namespace WebAssembly {
  class Module {}
  class Memory {
    readonly buffer: ArrayBuffer;
  }
  type Imports = Record<string, Record<string, unknown>>;
  let instantiate: (
    bytes: ArrayBufferView,
    imports?: Imports,
  ) => Promise<{ instance: { exports: Record<string, unknown> }; module: Module }>;
}
