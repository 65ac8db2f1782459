import { Worker } from 'node:worker_threads';
import type { JqLimits } from './limits.js';
import { cpuClockOf } from './thread-cpu.js';
import type { ThreadAnswer, ThreadData, ThreadReady, ThreadRun } from './thread-protocol.js';
import { type Fault, pack, type Turn, type TurnOutcome } from './turn.js';
import { watch } from './watch.js';

/** A worker thread that runs jq. */
export interface Thread {
  /** One turn at a time. */
  run(turn: Turn): Promise<TurnOutcome>;
  /** Whether it has ended: a turn that took too long ends its thread. */
  ended(): boolean;
  /** Resolves when it has. */
  done: Promise<void>;
  end(): Promise<void>;
}

const threadFile = new URL('./jq-thread.js', import.meta.url);
// Where both are bundled (`infra-scripts/src/release`), it lies beside the bundle.
if (import.meta.url.endsWith('.mjs')) threadFile.pathname = threadFile.pathname.replace(/js$/, 'mjs');
/** Of the JavaScript around jq, in MiB. */
const heapMb = 128;

/** jq compiled, for as long as this process runs: V8 gives it to every thread that compiles the same bytes. */
const compiled: unknown[] = [];

/** Resolves when it can run. @throws what kept it from starting */
export async function startThread(limits: JqLimits): Promise<Thread> {
  const data: ThreadData = {
    limits,
    bytes: new SharedArrayBuffer(limits.outputBytes),
    length: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
  };
  const length = new Int32Array(data.length);
  const worker = new Worker(threadFile, {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    // Not those of the program, which may load what it needs into each thread.
    execArgv: [],
  });
  let ended: Error | undefined;
  /** Settles what is waited for now. */
  let settle: { answer: (message: unknown) => void; fail: (error: Error) => void } | undefined;
  const answered = <T>(): Promise<T> =>
    new Promise<unknown>((answer, fail) => {
      settle = { answer, fail };
      if (ended) fail(ended);
    }) as Promise<T>;
  worker.on('message', (message) => settle?.answer(message));
  worker.on('error', (error: Error) => {
    ended ??= error;
    settle?.fail(error);
  });
  const done = new Promise<void>((resolve) =>
    worker.on('exit', () => {
      ended ??= new Error('the thread of jq has ended');
      settle?.fail(ended);
      resolve();
    }),
  );
  const end = async () => {
    await worker.terminate();
  };

  const { task, module } = await answered<ThreadReady>();
  if (compiled.length === 0) compiled.push(module);
  const cpu = cpuClockOf(worker, task);
  worker.unref();

  return {
    async run({ program, records, recordMs }) {
      const packed = pack(records);
      Atomics.store(length, 0, -1);
      const written = () => Atomics.load(length, 0);
      const lines = () => Buffer.from(data.bytes, 0, Math.max(0, written())).toString();
      worker.ref();
      let fault: Fault | undefined;
      let overrun: { message: string; at: number } | undefined;
      const stopWatching = watch({ limits, recordMs, records, written, cpu, lines }, (found) => {
        overrun = found;
        void end();
      });
      try {
        const run: ThreadRun = { program, records: packed };
        worker.postMessage(run, [packed.bytes.buffer, packed.ends.buffer]);
        ({ fault } = await answered<ThreadAnswer>());
      } catch (error) {
        await end();
        // If it has written on since, the record was done with after all.
        if (overrun && overrun.at === written())
          fault = { kind: written() < 0 ? 'compile' : 'time', message: overrun.message };
        else if (!overrun) fault = { kind: 'else', message: `broke jq (${(error as Error).message}) for the record` };
      } finally {
        stopWatching();
        worker.unref();
      }
      return { lines: lines(), fault };
    },
    ended: () => ended !== undefined,
    done,
    end,
  };
}
