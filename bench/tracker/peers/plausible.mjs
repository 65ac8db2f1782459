/** Plausible: small, without a queue. */
export const plausible = {
  id: 'plausible',
  name: 'Plausible',
  package: '@plausible-analytics/tracker',
  durable: false,
  queueless: true,
  configuration: '`captureOnLocalhost: true`; else its defaults (it has no queue to configure)',
  answer: () => ({ status: 202, body: 'ok', type: 'text/plain' }),
};
