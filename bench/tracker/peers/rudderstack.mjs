const sourceConfig = {
  source: {
    id: 'bench-source',
    name: 'bench',
    writeKey: 'benchbenchbenchbenchbenchben',
    enabled: true,
    workspaceId: 'bench',
    config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } },
    destinations: [],
    connections: [],
    dataplanes: {},
  },
  updatedAt: '2026-01-01T00:00:00.000Z',
};

/** RudderStack: a queue in localStorage, reclaimed from tabs that died. */
export const rudderstack = {
  id: 'rudderstack',
  name: 'RudderStack',
  package: '@rudderstack/analytics-js',
  durable: true,
  configuration:
    'the `bundled` entry, `queueOptions: { batch: { enabled: true }, maxItems: 10000 }` (its default sends a request an event)',
  isControl: (path) => path.startsWith('/sourceConfig'),
  answer: ({ path }) =>
    path.startsWith('/sourceConfig')
      ? { status: 200, body: JSON.stringify(sourceConfig), type: 'application/json' }
      : { status: 200, body: 'OK', type: 'text/plain' },
};
