import { AnalyticsBrowser } from '@segment/analytics-next';

let loaded = false;
const analytics = AnalyticsBrowser.load(
  { writeKey: 'bench', cdnURL: window.benchCollector },
  {
    integrations: {
      'Segment.io': {
        apiHost: `${window.benchCollector.slice('http://'.length)}/v1`,
        protocol: 'http',
        deliveryStrategy: { strategy: 'standard', config: { keepalive: true } },
      },
    },
  },
);
void analytics.ready(() => {
  loaded = true;
});

window.bench = {
  track: (properties) => {
    // Segment's track() gives a promise; a page that does not wait for it would see its rejection as an error of its own.
    analytics.track('liked_item', properties);
  },
  ready: () => loaded,
};
