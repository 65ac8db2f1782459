import { type Jq, loadJq } from 'jq-wasm';
import { numbersOf16 } from '../jq-1.6.js';
import { type Hooked, hooked, type Memory, type Streams } from './hooks.js';
import type { JqLimits } from './limits.js';
import type { Fault, PackedRecords } from './turn.js';

/** What an engine writes, where others see it while it works. */
export interface Output {
  /** Lines of JSON. */
  bytes: Uint8Array;
  /** How much of `bytes` is whole lines, in its first element; -1 until the program is compiled. */
  length: Int32Array;
}

/**
 * jq itself (1.8 compiled to WebAssembly), in this thread. It gets one record after the other, and the next only when
 * it has written the line of the one before: so what it has not written yet names the record that it is at.
 */
export interface Engine {
  /** Resolves with jq as it was compiled, when it can run. */
  load(): Promise<unknown>;
  /** Stops between two records when the turn is over. The fault is of the record behind the last line. */
  run(program: string, records: PackedRecords): Promise<Fault | undefined>;
}

/** An instance that has taken more memory than this is not kept: memory of WebAssembly never shrinks. */
const keptBytes = 48 * 1024 * 1024;
/** What is kept of jq's messages. */
const mostErrorBytes = 4096;
const newline = 10;

class OutputFull extends Error {}

/** @param output of `limits.outputBytes` */
export function createEngine(
  { turnMs, outputBytes, memoryBytes }: Pick<JqLimits, 'turnMs' | 'outputBytes' | 'memoryBytes'>,
  output: Output,
): Engine {
  let jq: Hooked<Jq> | undefined;
  let streams: Streams | undefined;

  const load = () =>
    hooked(memoryBytes, () => loadJq(), {
      read: (into) => streams!.read(into),
      write: (fd, bytes) => streams!.write(fd, bytes),
    });

  return {
    async load() {
      jq ??= await load();
      return jq.module;
    },
    async run(program, records) {
      jq ??= await load();
      const { result, memory } = jq;
      const run = startRun(records, output, turnMs);
      ({ streams } = run);
      try {
        const { exitCode } = result.raw('', program, ['-c', '--unbuffered']);
        return run.fault(exitCode);
      } catch (error) {
        jq = undefined;
        return run.broken(error, memory, { outputBytes, memoryBytes });
      } finally {
        if (memory.refused() || memory.bytes() > keptBytes) jq = undefined;
      }
    },
  };
}

/** One run of a program over records. */
function startRun({ bytes, ends }: PackedRecords, output: Output, turnMs: number) {
  const begun = performance.now();
  /** When the program was compiled. */
  let compiled = begun;
  let record: Buffer = Buffer.alloc(0);
  let at = 0;
  let [given, done, length] = [0, 0, 0];
  let stopped = false;
  let errors = '';
  Atomics.store(output.length, 0, -1);

  function write(text: Uint8Array): void {
    if (length + text.length > output.bytes.length) throw new OutputFull();
    output.bytes.set(text, length);
    length += text.length;
    if (text.at(-1) !== newline) return;
    done++;
    Atomics.store(output.length, 0, length);
  }

  /** What ends without a result, and without an error that can be caught, gets its line here. */
  function settle(): void {
    if (done >= given) return;
    write(Buffer.from(`${JSON.stringify({ failure: firstLine(errors) || noResult })}\n`));
    errors = '';
  }

  /** Compiling is a fifth of a turn at most, also where the machine is busy, or the program has many definitions. */
  const isOver = () => performance.now() - compiled > Math.max(turnMs, 4 * (compiled - begun));

  function next(): boolean {
    if (given === 0) {
      compiled = performance.now();
      Atomics.store(output.length, 0, 0);
    }
    settle();
    stopped ||= given > 0 && (isOver() || length > output.bytes.length / 2);
    if (stopped || given === ends.length) return false;
    const from = given === 0 ? 0 : ends[given - 1]!;
    record = numbersOf16(Buffer.from(bytes.buffer, bytes.byteOffset + from, ends[given]! - from));
    at = 0;
    given++;
    return true;
  }

  const streams: Streams = {
    read(into) {
      if (at === record.length && !next()) return 0;
      const count = record.copy(into, 0, at);
      at += count;
      return count;
    },
    write(fd, text) {
      if (fd === 1) write(text);
      else if (errors.length < mostErrorBytes) errors += Buffer.from(text).toString();
    },
  };

  return {
    streams,
    fault(exitCode: number): Fault | undefined {
      if (given === 0 && exitCode !== 0) return { kind: 'refused', message: firstLine(errors) };
      if (stopped || done === ends.length) return undefined;
      return { kind: 'jq', message: firstLine(errors) || noResult };
    },
    broken(error: unknown, memory: Memory, limits: Pick<JqLimits, 'outputBytes' | 'memoryBytes'>): Fault {
      const { name, message } = error as Error;
      const why =
        error instanceof OutputFull
          ? `gave more than ${limits.outputBytes} bytes of JSON`
          : memory.refused()
            ? `took more than ${limits.memoryBytes / 2 ** 20} MiB of memory`
            : // Of the stack of V8, or of that in jq's memory.
              name === 'RangeError' || message.includes('out of bounds')
              ? 'went too deep'
              : `broke jq (${message.replace(/^Aborted\(|\)?\. Build with .*$/g, '')})`;
      return {
        kind: given === 0 ? 'compile' : 'else',
        message: `${why} ${given === 0 ? 'to compile' : 'for the record'}`,
      };
    },
  };
}

const noResult = 'jq gave no result';
const firstLine = (text: string) => text.split('\n', 1)[0]!.replace(/^jq: error( \([^)]*\))?: /, '');
