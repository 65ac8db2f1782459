import { newTracker, trackPageView, trackSelfDescribingEvent } from '@snowplow/browser-tracker';

newTracker('sp', window.benchCollector, {
  appId: 'shop',
  keepalive: true,
  bufferSize: 10,
  maxLocalStorageQueueSize: 10_000,
});
trackPageView();

window.bench = {
  track: (properties) =>
    trackSelfDescribingEvent({ event: { schema: 'iglu:com.example/liked_item/jsonschema/1-0-0', data: properties } }),
  ready: () => true,
};
