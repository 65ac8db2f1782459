const settings = {
  integrations: { 'Segment.io': { apiKey: 'bench', retryQueue: true, versionSettings: {} } },
  plan: {},
};

/** Segment: a request an event, and a retry queue that is written when the page is left. */
export const segment = {
  id: 'segment',
  name: 'Segment',
  package: '@segment/analytics-next',
  durable: true,
  configuration:
    "`deliveryStrategy: { strategy: 'standard', config: { keepalive: true } }` (its `batching` never stores what waits)",
  isControl: (path) => path.startsWith('/v1/projects'),
  answer: ({ path }) =>
    path.startsWith('/v1/projects')
      ? { status: 200, body: JSON.stringify(settings), type: 'application/json' }
      : { status: 200, body: '{"success":true}', type: 'application/json' },
};
