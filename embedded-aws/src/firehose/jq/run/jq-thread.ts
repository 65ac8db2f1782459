import { readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { createEngine } from './engine.js';
import type { ThreadAnswer, ThreadData, ThreadReady, ThreadRun } from './thread-protocol.js';

/** A worker thread that runs jq; `thread.ts` starts it. */
const { limits, bytes, length } = workerData as ThreadData;
// jq-wasm prints there that jq was aborted; the fault says it.
console.error = () => undefined;

function task(): string | undefined {
  try {
    return readlinkSync('/proc/thread-self').split('/').at(-1);
  } catch {
    return undefined;
  }
}

const engine = createEngine(limits, { bytes: new Uint8Array(bytes), length: new Int32Array(length) });
const module = await engine.load();
parentPort!.on('message', async ({ program, records }: ThreadRun) => {
  const fault = await engine.run(program, records);
  parentPort!.postMessage({ fault } satisfies ThreadAnswer);
});
parentPort!.postMessage({ task: task(), module } satisfies ThreadReady);
