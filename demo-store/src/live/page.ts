import { type Html, html } from '../html/html.js';
import { head } from '../html/layout.js';

const stations = [
  ['received', 'Received', 'The ingest server took it'],
  ['in_stream', 'In the stream', 'Read from a Kinesis shard'],
  ['in_object', 'In an object', 'In S3, by page and event'],
] as const;

const station = ([
  step,
  name,
  note,
]: (typeof stations)[number]): Html => html`<li class="station station-${step}" data-station="${step}">
  <h2>${name}</h2>
  <p class="station-note">${note}</p>
  <p class="station-total" data-total>0</p>
  <p class="station-rate"><span data-rate>0</span> /s</p>
  <p class="station-parts" data-parts></p>
  <svg class="spark" viewBox="0 0 60 20" preserveAspectRatio="none" aria-hidden="true" focusable="false"><polyline data-spark points=""/></svg>
</li>`;

const withFeed = (links: { lake?: string }): Html => html`<ol class="stations">${stations.map(station)}</ol>
<form class="filters" data-filters>
  <label>Page <select data-filter="page"><option value="">all</option></select></label>
  <label>Event <select data-filter="event"><option value="">all</option></select></label>
  <label>Site <select data-filter="site"><option value="">all</option></select></label>
  <label class="check"><input type="checkbox" data-filter="mine"> Mine only</label>
  <label class="check"><input type="checkbox" data-filter="people"> No bots</label>
  <button type="button" class="button quiet small" data-pause aria-pressed="false">Pause</button>
  <p class="sampling" data-sampling></p>
</form>
<p class="notice" data-mine-note hidden></p>
<section class="refused" aria-labelledby="refused-heading" data-refused hidden>
<h2 id="refused-heading">Refused</h2>
<p class="muted">Rejected by the ingest server, and kept: as sent, in quarantine. <code>./millrace redrive quarantine</code> sends them again after a fix.</p>
<div class="refused-frame">
<table>
  <caption class="visually-hidden">The latest refused events, newest first</caption>
  <thead><tr><th scope="col">Code</th><th scope="col">Place</th><th scope="col">Why</th><th scope="col">As sent</th><th scope="col">Where it is</th></tr></thead>
  <tbody data-refused-rows></tbody>
</table>
</div>
</section>
<div class="table-frame">
<table>
  <caption class="visually-hidden">The latest events, newest first, each with its three steps</caption>
  <thead><tr><th scope="col">Event</th><th scope="col">Item</th><th scope="col">Visitor</th><th scope="col">Received</th><th scope="col">In the stream</th><th scope="col">In an object</th></tr></thead>
  <tbody data-rows></tbody>
</table>
<p class="waiting" data-waiting>Waiting for an event. <a href="/">Open the shop</a> and click something, or leave it to the synthetic shoppers.</p>
</div>
${links.lake !== undefined && html`<p class="muted">The objects are in ${place(links.lake)}</p>`}
<dialog class="detail" data-detail aria-labelledby="detail-heading">
  <div class="detail-head"><h2 id="detail-heading" data-detail-heading></h2><form method="dialog"><button class="button quiet small">Close</button></form></div>
  <dl class="detail-steps" data-detail-steps></dl>
  <p class="detail-reason" data-detail-reason hidden></p>
  <h3>Find it in the lake</h3>
  <div class="copyable"><pre class="command" tabindex="0"><code data-detail-query></code></pre><button type="button" class="button quiet small" data-copy>Copy</button></div>
  <h3 data-detail-what>The event</h3>
  <pre class="json" tabindex="0"><code data-detail-json></code></pre>
</dialog>`;

const withoutFeed = html`<div class="panel alone">
  <h2>This shop stands alone</h2>
  <p>It was started without a pipeline, so there is nothing here to watch. One command in the project’s folder starts everything, from the click to the object:</p>
  <pre class="command" tabindex="0"><code>npm start</code></pre>
  <p>The live view is then at this same address. What a shop on its own has sent is found with <code>./millrace query</code>, wherever its collector delivers to.</p>
  <p><a href="/">Back to the shop</a></p>
</div>`;

/** Only http and https addresses become links. */
function place(lake: string): Html {
  return /^https?:\/\//i.test(lake) ? html`<a href="${lake}">${lake}</a>` : html`<code>${lake}</code>`;
}

/** What the live page shows. */
export interface LivePageOptions {
  hasFeed: boolean;
  links: { lake?: string };
  writeKey: string;
}

/**
 * Where the tracker keeps `[visitor, session, …]` in localStorage, as sdk/src/tracker/identity/identity.ts writes it.
 */
const visitorKey = (writeKey: string) => `millrace.${writeKey.replace(/\W/g, '_')}.v`;

/** The live view as HTML. It is an operator's page, so it has no tracker. */
export function livePage({ hasFeed, links, writeKey }: LivePageOptions): string {
  return html`<!doctype html>
<html lang="en">
${head(
  'Live – Millrace',
  html`<link rel="stylesheet" href="/assets/live.css">
  <link rel="stylesheet" href="/assets/live/refused.css">
  <link rel="stylesheet" href="/assets/live/detail.css">
  ${hasFeed && html`<script type="module" src="/assets/live/live.js"></script>`}`,
)}
<body class="live" data-visitor-key="${visitorKey(writeKey)}">
<a class="skip" href="#main">Skip to the events</a>
<header class="live-top">
  <h1>Live</h1>
  <p class="connection" role="status" data-connection>${hasFeed && 'Connecting …'}</p>
  <nav aria-label="Shop"><a href="/">Back to the shop</a></nav>
</header>
<main id="main" tabindex="-1">
${hasFeed ? withFeed(links) : withoutFeed}
</main>
</body>
</html>
`.markup;
}
