const config = {
  supportedCompression: ['gzip', 'gzip-js'],
  analytics: { endpoint: '/i/v0/e/' },
  hasFeatureFlags: false,
  featureFlags: {},
  flags: {},
  errorsWhileComputingFlags: false,
  autocapture_opt_out: false,
  autocaptureExceptions: false,
  capturePerformance: false,
  captureDeadClicks: false,
  elementsChainAsString: true,
  heatmaps: false,
  isAuthenticated: false,
  sessionRecording: false,
  siteApps: [],
  surveys: false,
  toolbarParams: {},
};

/** PostHog: batches in memory, gzip. */
export const posthog = {
  id: 'posthog',
  name: 'PostHog',
  package: 'posthog-js',
  durable: false,
  configuration:
    '`rate_limiting` raised to 10,000 events/s (its default drops what exceeds 10/s), `opt_out_useragent_filter: true`, no session recording, surveys or external scripts; autocapture as by default',
  isControl: (path) => path.startsWith('/flags') || path.startsWith('/array/') || path.startsWith('/decide'),
  answer: ({ path }) =>
    /^\/(flags|array|decide)/.test(path)
      ? { status: 200, body: JSON.stringify(config), type: 'application/json' }
      : { status: 200, body: '{"status":1}', type: 'application/json' },
};
