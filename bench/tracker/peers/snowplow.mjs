/** Snowplow: the tracker with the oldest durable queue on the web. */
export const snowplow = {
  id: 'snowplow',
  name: 'Snowplow',
  package: '@snowplow/browser-tracker',
  durable: true,
  configuration:
    '`keepalive: true, bufferSize: 10, maxLocalStorageQueueSize: 10000`, events as self-describing ones; one page view',
  answer: () => ({ status: 200, body: 'ok', type: 'text/plain' }),
};
