/**
 * The compiled kernel (`assembly/`, built by the bootstrap to `dist/kernel.wasm`). The module is compiled once for a
 * thread; every instance has a memory of its own, which grows with its largest task and ends with the instance.
 */
import { readFileSync } from 'node:fs';

/** What every instance has. A wrapper casts to this and the functions of the assembly files that it wraps. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  heapMark(): number;
  /** Address of a new block, 0 when there is no room. */
  reserve(bytes: number): number;
  release(mark: number): void;
}

const FILE = new URL('../../dist/kernel.wasm', import.meta.url);

let compiled: WebAssembly.Module | undefined;

/** A new instance. `host`: what the kernel calls back, by the name of the assembly file that declares it. */
export function instantiateKernel(
  host: Readonly<Record<string, WebAssembly.ModuleImports>> = {},
): KernelExports {
  compiled ??= new WebAssembly.Module(readFileSync(FILE));
  const imports: WebAssembly.Imports = {};
  for (const { module, name } of WebAssembly.Module.imports(compiled)) {
    const given = host[module]?.[name];
    // An instance that never reaches a callback need not give it.
    (imports[module] ??= {})[name] = given ?? missing(module, name);
  }
  const { exports } = new WebAssembly.Instance(compiled, imports);
  return exports as KernelExports;
}

function missing(module: string, name: string): () => never {
  return () => {
    throw new Error(`assertion failed: kernel instance without ${module}.${name}`);
  };
}
