import * as amplitude from '@amplitude/analytics-browser';

let loaded = false;
amplitude
  .init('bench', {
    serverUrl: `${window.benchCollector}/2/httpapi`,
    enableRequestBodyCompression: true,
    remoteConfig: { fetchRemoteConfig: false },
  })
  .promise.then(() => {
    loaded = true;
  });
addEventListener('pagehide', () => {
  amplitude.setTransport('beacon');
  amplitude.flush();
});

window.bench = {
  track: (properties) => {
    amplitude.track('liked_item', properties);
  },
  ready: () => loaded,
};
