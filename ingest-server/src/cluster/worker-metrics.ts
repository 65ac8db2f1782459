import type { Registry } from 'prom-client';
import { isMessage, type Message } from './messages.js';
import { createQuestions } from './questions.js';

/**
 * In a worker: answers the primary's questions for its metrics. Returns a function that asks the primary for the
 * metrics of all workers.
 */
export function shareMetrics(registry: Registry, limitMs = 5_000): () => Promise<string> {
  const questions = createQuestions<string>(limitMs);
  const send = (message: Message, sent: (error: Error | null) => void) =>
    process.send!(message, undefined, undefined, sent);
  process.on('message', (message: unknown) => {
    if (!isMessage(message)) return;
    const { type, number } = message;
    if (type === 'all-metrics') questions.answer(number, message.text ?? new Error(message.error));
    if (type !== 'own-metrics-wanted') return;
    void registry
      .getMetricsAsJSON()
      .then(
        (metrics) => ({ metrics }),
        (error: Error) => ({ error: error.message }),
      )
      .then((own) =>
        send({ type: 'own-metrics', number, ...own }, () => {
          // Without the primary this process ends too.
        }),
      );
  });
  return () =>
    questions.ask((number, sent) => send({ type: 'all-metrics-wanted', number }, sent), 'the primary process');
}
