import { ClickstreamAnalytics, SendMode } from '@aws/clickstream-web';

ClickstreamAnalytics.init({
  appId: 'shop',
  endpoint: `${window.benchCollector}/collect`,
  sendMode: SendMode.Batch,
});

window.bench = {
  track: (properties) => ClickstreamAnalytics.record({ name: 'liked_item', attributes: properties }),
  ready: () => true,
};
