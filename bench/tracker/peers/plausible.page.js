import { init, track } from '@plausible-analytics/tracker';

// It ignores automated browsers; this is the switch of its own tests.
window.__plausible = true;
init({ domain: 'shop.example', endpoint: `${window.benchCollector}/api/event`, captureOnLocalhost: true });

window.bench = {
  track: (properties) => track('liked_item', { props: properties }),
  ready: () => true,
};
