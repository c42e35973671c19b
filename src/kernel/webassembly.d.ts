/** The parts of the WebAssembly JavaScript interface that the kernel uses; the types of Node do not have it. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): { readonly module: string; readonly name: string }[];
  }
  class Memory {
    readonly buffer: ArrayBuffer;
  }
  type ModuleImports = Record<string, (...args: number[]) => unknown>;
  type Imports = Record<string, ModuleImports>;
  class Instance {
    constructor(module: Module, imports: Imports);
    readonly exports: object;
  }
}
