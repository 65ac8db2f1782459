/** Amplitude: events go through an asynchronous timeline before they are stored. */
export const amplitude = {
  id: 'amplitude',
  name: 'Amplitude',
  package: '@amplitude/analytics-browser',
  durable: true,
  configuration:
    "`enableRequestBodyCompression: true`, no remote configuration; on `pagehide` `setTransport('beacon')` and `flush()`, as its documentation says; autocapture as by default",
  answer: ({ markers }) => ({
    status: 200,
    body: JSON.stringify({
      code: 200,
      events_ingested: markers.length,
      payload_size_bytes: 1,
      server_upload_time: Date.now(),
    }),
    type: 'application/json',
  }),
};
