import posthog from 'posthog-js';

let loaded = false;
posthog.init('phc_bench', {
  api_host: window.benchCollector,
  ui_host: window.benchCollector,
  rate_limiting: { events_per_second: 10_000, events_burst_limit: 20_000 },
  opt_out_useragent_filter: true,
  disable_session_recording: true,
  disable_surveys: true,
  disable_external_dependency_loading: true,
  loaded: () => {
    loaded = true;
  },
});

window.bench = {
  track: (properties) => posthog.capture('liked_item', properties),
  ready: () => loaded,
};
