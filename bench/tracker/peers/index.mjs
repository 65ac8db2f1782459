import { amplitude } from './amplitude.mjs';
import { clickstreamWeb } from './clickstream-web.mjs';
import { millrace } from './millrace.mjs';
import { plausible } from './plausible.mjs';
import { posthog } from './posthog.mjs';
import { rudderstack } from './rudderstack.mjs';
import { segment } from './segment.mjs';
import { snowplow } from './snowplow.mjs';

/**
 * The trackers, ours first. Each is described by `<id>.mjs` (what it is called, how it is configured, what its server answers) and set up in
 * the page by `<id>.page.js`, which gives the page `window.bench = { track(properties), ready() }`.
 */
export const peers = [millrace, snowplow, clickstreamWeb, posthog, rudderstack, segment, amplitude, plausible];
