import cluster, { type Worker } from 'node:cluster';
import { backoffMs } from '@millrace/kit/backoff';
import type { Log } from '../log.js';
import { mergeMetrics } from './merge-metrics.js';
import { isMessage, type Message, type MetricJson } from './messages.js';
import { createQuestions, type Questions } from './questions.js';

export interface PrimaryOptions {
  workers: number;
  log: Log;
  /** The environment of worker `slot`, from 1. */
  environment(slot: number): NodeJS.ProcessEnv;
}

export interface Primary {
  /** Ends the workers with `signal`; resolves with the worst of their exit codes. */
  end(signal: NodeJS.Signals): Promise<number>;
  /** Resolves with the exit code when the workers cannot be kept running. */
  failed: Promise<number>;
}

const ownMetricsLimitMs = 4_000;
/** A worker that dies sooner has not been of use: the next waits, longer each time. */
const usefulLifeMs = 10_000;
const restart = { baseMs: 500, capMs: 10_000, fixedShare: 1 };

/** Keeps workers running, each in a slot of its own, and puts together what they count. Takes no requests itself. */
export function startPrimary({ workers, log, environment }: PrimaryOptions): Primary {
  const slots = new Map<number, Worker>();
  /** How to ask those for their metrics that take requests: one that is still starting would not answer for as long. */
  const askable = new Map<number, () => Promise<MetricJson[]>>();
  let ending: NodeJS.Signals | undefined;
  let worstCode = 0;
  let fail: (code: number) => void;
  const failed = new Promise<number>((resolve) => {
    fail = resolve;
  });

  function start(slot: number, failures: number) {
    const worker = cluster.fork(environment(slot));
    const began = performance.now();
    const questions = createQuestions<MetricJson[]>(ownMetricsLimitMs);
    let wasListening = false;
    slots.set(slot, worker);
    worker.on('listening', () => {
      wasListening = true;
      askable.set(slot, () =>
        questions.ask((number, sent) => worker.send({ type: 'own-metrics-wanted', number }, sent), `worker ${slot}`),
      );
    });
    worker.on('message', (message: unknown) => {
      if (isMessage(message)) void answer(worker, questions, message);
    });
    // It has died, and `exit` is still to come: what is written to it meanwhile, connections by the cluster itself among it, fails.
    worker.on('error', (error) => log.warn('a worker cannot be reached', { worker: slot, reason: error.message }));
    worker.on('exit', (code, signal) => {
      slots.delete(slot);
      askable.delete(slot);
      questions.giveUp(new Error(`worker ${slot} ended`));
      if (ending !== undefined) {
        // By that very signal ends who does not listen to it yet, and so has nothing open.
        worstCode = Math.max(worstCode, code ?? (signal === ending ? 0 : 1));
        return;
      }
      log.error('a worker ended', { worker: slot, code, signal });
      // What stops the first start of one stops them all: a port that is taken, a folder that cannot be used.
      if (!wasListening && failures === 0 && code !== null && code !== 0) return fail(code);
      const again = performance.now() - began < usefulLifeMs ? failures + 1 : 1;
      const pauseMs = again === 1 ? 0 : backoffMs(again, restart);
      setTimeout(() => {
        if (ending === undefined) start(slot, again);
      }, pauseMs);
    });
  }

  /** Of all that can say; how many cannot is a metric by itself. */
  async function allMetrics(): Promise<string> {
    const own = new Map<number, MetricJson[]>();
    await Promise.all(
      [...askable].map(([slot, ask]) =>
        ask().then(
          (metrics) => own.set(slot, metrics),
          (error: Error) => log.warn('a worker gave no metrics', { worker: slot, reason: error.message }),
        ),
      ),
    );
    return mergeMetrics(own, workers);
  }

  async function answer(worker: Worker, questions: Questions<MetricJson[]>, message: Message) {
    const { type, number } = message;
    if (type === 'own-metrics') questions.answer(number, message.metrics ?? new Error(message.error));
    if (type !== 'all-metrics-wanted') return;
    const reply = await allMetrics().then(
      (text) => ({ text }),
      (error: Error) => ({ error: error.message }),
    );
    worker.send({ type: 'all-metrics', number, ...reply }, () => {
      // Who asked may be gone, and nobody waits for the answer then.
    });
  }

  for (let slot = 1; slot <= workers; slot++) start(slot, 0);

  return {
    failed,
    async end(signal) {
      ending = signal;
      await Promise.all(
        [...slots.values()].map(
          (worker) =>
            new Promise((resolve) => {
              worker.on('exit', resolve);
              worker.process.kill(signal);
            }),
        ),
      );
      return worstCode;
    },
  };
}
