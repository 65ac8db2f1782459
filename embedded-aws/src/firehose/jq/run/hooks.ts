/** Where jq reads and writes. */
export interface Streams {
  /** Fills the beginning of `into` and says how much; 0 at the end. */
  read(into: Uint8Array): number;
  write(fd: number, bytes: Uint8Array): void;
}

/** jq's memory. */
export interface Memory {
  bytes(): number;
  /** Whether jq wanted more than it may have. */
  refused(): boolean;
}

/** What was loaded. */
export interface Hooked<T> {
  result: T;
  memory: Memory;
  /** jq compiled, a `WebAssembly.Module`. */
  module: unknown;
}

type Call = (...args: number[]) => number;

/**
 * jq-wasm hands its input and output over byte by byte, when all is done, and lets jq take a fixed amount of memory.
 * These are the three functions that its WebAssembly imports for that; their names are of the version that package.json
 * pins.
 */
const names = { read: 'h', write: 'd', grow: 'k' } as const;

/**
 * Loads jq with its streams and its memory replaced. jq-wasm compiles its WebAssembly itself, from a file or from text
 * in its script, so this looks at what is instantiated while it loads.
 */
export async function hooked<T>(memoryBytes: number, load: () => Promise<T>, streams: Streams): Promise<Hooked<T>> {
  const { instantiate } = WebAssembly;
  let memory: WebAssembly.Memory | undefined;
  let module: unknown;
  let refused = false;
  let [bytes, words] = [new Uint8Array(), new Uint32Array()];

  function refresh(): void {
    if (bytes.buffer === memory!.buffer) return;
    bytes = new Uint8Array(memory!.buffer);
    words = new Uint32Array(memory!.buffer);
  }

  /** Calls `work` with each of the ranges that a read or a write of C names. */
  function ranges(list: number, count: number, work: (range: Uint8Array) => number, result: number): number {
    refresh();
    let total = 0;
    for (let n = 0; n < count; n++) {
      const [start, length] = [words[(list >> 2) + 2 * n]!, words[(list >> 2) + 2 * n + 1]!];
      const done = length === 0 ? 0 : work(bytes.subarray(start, start + length));
      total += done;
      if (done < length) break;
    }
    words[result >> 2] = total;
    return 0;
  }

  function replaced(imports: Record<string, Call>): Record<string, Call> {
    const grow = imports[names.grow]!;
    return {
      ...imports,
      [names.read]: (_fd, list, count, result) => ranges(list!, count!, (range) => streams.read(range), result!),
      [names.write]: (fd, list, count, result) => {
        const write = (range: Uint8Array) => {
          streams.write(fd!, range);
          return range.length;
        };
        return ranges(list!, count!, write, result!);
      },
      [names.grow]: (size) => {
        if (size! >>> 0 <= memoryBytes) return grow(size!);
        refused = true;
        return 0;
      },
    };
  }

  const isJq = (imports: WebAssembly.Imports | undefined): imports is { a: Record<string, Call> } =>
    Object.values(names).every((name) => typeof imports?.a?.[name] === 'function');

  try {
    WebAssembly.instantiate = async (source, imports) => {
      if (!isJq(imports)) return await instantiate(source, imports);
      const made = await instantiate(source, { ...imports, a: replaced(imports.a) });
      ({ module } = made);
      memory = Object.values(made.instance.exports).find((one) => one instanceof WebAssembly.Memory);
      return made;
    };
    const result = await load();
    if (!memory) throw new Error('This version of jq-wasm imports other functions: see hooks.ts');
    return { result, memory: { bytes: () => memory!.buffer.byteLength, refused: () => refused }, module };
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}
