import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';

let loaded = false;
const analytics = new RudderAnalytics();
analytics.load('benchbenchbenchbenchbenchben', window.benchCollector, {
  configUrl: window.benchCollector,
  queueOptions: { batch: { enabled: true }, maxItems: 10_000 },
  onLoaded: () => {
    loaded = true;
  },
});

window.bench = {
  track: (properties) => analytics.track('liked_item', properties),
  ready: () => loaded,
};
