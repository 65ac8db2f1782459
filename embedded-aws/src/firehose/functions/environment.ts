import { Worker } from 'node:worker_threads';
import type { EnvironmentData, EnvironmentSays } from './environment-protocol.js';
import { FunctionError, type FunctionLimits } from './lambda-function.js';

/** A worker thread that has loaded a function's module, as Lambda's execution environment has it. */
export interface Environment {
  /** One invocation at a time. One that fails by more than a rejection ends the environment. */
  invoke(event: object, signal: AbortSignal): Promise<unknown>;
  ended(): boolean;
  /** Resolves when it has. */
  done: Promise<void>;
  end(): Promise<void>;
}

/** @throws FunctionError when the module does not load, or exports no handler */
export async function startEnvironment(name: string, module: string, limits: FunctionLimits): Promise<Environment> {
  const workerData: EnvironmentData = { name, module, answerBytes: limits.answerBytes };
  const worker = new Worker(new URL('./function-thread.js', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
  });
  let ended: Error | undefined;
  /** Settles what is waited for now. */
  let settle: { say: (said: EnvironmentSays) => void; fail: (error: Error) => void } | undefined;
  worker.on('message', (said: EnvironmentSays) => settle?.say(said));
  worker.on('error', (error) => {
    ended ??= deathBy(error);
    settle?.fail(ended);
  });
  const done = new Promise<void>((resolve) =>
    worker.on('exit', (code) => {
      ended ??= new Error(
        code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`,
      );
      settle?.fail(ended);
      resolve();
    }),
  );
  const end = async () => {
    await worker.terminate();
  };

  /** What the thread says next; at the end of the time, or of `signal`, the thread is ended. */
  async function said(timeoutMs: number, late: string, signal?: AbortSignal): Promise<EnvironmentSays> {
    let giveUp = (_: Error) => {};
    const abort = () => giveUp(signal!.reason as Error);
    const timer = setTimeout(() => giveUp(new Error(late)), timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await new Promise<EnvironmentSays>((say, fail) => {
        settle = { say, fail };
        if (ended) fail(ended);
        giveUp = (reason) => {
          ended ??= reason;
          fail(reason);
          void end();
        };
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  const seconds = (ms: number) => (ms / 1000).toFixed(2);
  try {
    const loaded = await said(limits.initMs, `${module} did not load in ${seconds(limits.initMs)} seconds`);
    if ('error' in loaded) throw new Error(loaded.error.message);
  } catch (error) {
    await end();
    throw new FunctionError((error as Error).message, { cause: error });
  }
  worker.unref();

  return {
    async invoke(event, signal) {
      worker.ref();
      try {
        worker.postMessage(JSON.stringify(event));
        const late = `Task timed out after ${seconds(limits.timeoutMs)} seconds`;
        const answer = await said(limits.timeoutMs, late, signal);
        if ('error' in answer) throw Object.assign(new Error(answer.error.message), { name: answer.error.name });
        return JSON.parse(answer.answer) as unknown;
      } finally {
        worker.unref();
      }
    },
    ended: () => ended !== undefined,
    done,
    end,
  };
}

/** As Lambda says it of a function that takes more memory than it has, or of one that throws where nobody waits. */
const deathBy = (error: unknown): Error =>
  (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new Error('Runtime exited with error: signal: killed')
    : error instanceof Error
      ? error
      : new Error(String(error));
