import cluster, { type Worker } from 'node:cluster';
import { backoffMs } from '@millrace/kit/backoff';
import type { Log } from '../log.js';
import { mergeMetrics } from './merge-metrics.js';
import { isMessage, type Message, type MetricJson } from './messages.js';
import { createQuestions, type Questions } from './questions.js';

/** Which workers to keep running. */
export interface PrimaryOptions {
  workers: number;
  log: Log;
  /** The environment of worker `slot`, from 1. */
  environment(slot: number): NodeJS.ProcessEnv;
}

/** The process that keeps the others running. */
export interface Primary {
  /** Sends the workers `signal`; resolves with the highest of their exit codes. Windows ends them at once. */
  end(signal: NodeJS.Signals): Promise<number>;
  /** Resolves with the exit code when the workers cannot be kept running. */
  failed: Promise<number>;
}

const ownMetricsLimitMs = 4_000;
/** A worker that ends sooner counts as failed: the next start waits, longer each time. */
const usefulLifeMs = 10_000;
const restart = { baseMs: 500, capMs: 10_000, fixedShare: 1 };

/** Keeps workers running, each in a slot of its own, and merges their metrics. Takes no requests itself. */
export function startPrimary({ workers, log, environment }: PrimaryOptions): Primary {
  const slots = new Map<number, Worker>();
  /** How to ask the listening workers for their metrics; one that is still starting would not answer. */
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
    // It has died, and `exit` is still to come: writes to it fail, also those of the cluster itself.
    worker.on('error', (error) => log.warn('a worker cannot be reached', { worker: slot, reason: error.message }));
    worker.on('exit', (code, signal) => {
      slots.delete(slot);
      askable.delete(slot);
      questions.giveUp(new Error(`worker ${slot} ended`));
      if (ending !== undefined) {
        // A worker that does not listen yet ends by the signal itself, and has nothing open.
        worstCode = Math.max(worstCode, code ?? (signal === ending ? 0 : 1));
        return;
      }
      log.error('a worker ended', { worker: slot, code, signal });
      // A failed first start fails them all: the port is taken, or a folder cannot be used.
      if (!wasListening && failures === 0 && code !== null && code !== 0) return fail(code);
      const again = performance.now() - began < usefulLifeMs ? failures + 1 : 1;
      const pauseMs = again === 1 ? 0 : backoffMs(again, restart);
      setTimeout(() => {
        if (ending === undefined) start(slot, again);
      }, pauseMs);
    });
  }

  /** Of all workers that answer; the number of the others is a metric by itself. */
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
      // The worker may be gone; then nobody waits for the answer.
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
