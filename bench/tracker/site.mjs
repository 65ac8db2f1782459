import { createServer } from 'node:http';

const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Before anything else in the page: an observer of long tasks, the marker's maker, and what the SDK's entry needs to know. */
const prelude = (collector, run) => `
window.benchCollector = ${JSON.stringify(collector)};
window.benchLongTasks = [];
new PerformanceObserver((list) => { for (const { startTime, duration } of list.getEntries()) benchLongTasks.push({ startTime, duration }); })
  .observe({ type: 'longtask', buffered: true });
window.benchThrown = 0;
window.benchProperties = (n) => ({
  marker: 'zq${run}_' + n + 'z', item_id: String(1000 + (n % 977)), item_name: 'The Trial', category: 'books/fiction', price: 9.9,
  quantity: 1 + (n % 3), currency: 'EUR', list: 'summer reading', position: n % 50, in_stock: true,
});
// The microtasks of what was just called, and of those, thirty deep.
window.benchMicrotasks = async () => { for (let hop = 0; hop < 30; hop++) await undefined; };
window.benchTrack = (count, from) => {
  if (!window.bench) return; // The tracker threw while it loaded, which is counted where it happened.
  for (let n = from; n < from + count; n++) try { bench.track(benchProperties(n)); } catch { benchThrown++; }
};
`;

/** What a page does before the tracker loads, by its path. */
const changes = {
  '/changed-built-ins': `<script>
    Date.prototype.toJSON = function () { return this.toString(); };
    Array.prototype.toJSON = function () { return 'list of ' + this.length; };
    Array.prototype.reduce = function () { return this.length > 1 ? this : this[0]; };
    Math.random = () => 0.5;</script>`,
  '/wrapped-fetch': `<script>{
    const { fetch } = window;
    window.fetch = (url, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
      return fetch(url, { ...init, headers });
    };
  }</script>`,
  '/clobbered-names': `<form name="URL"></form><form name="referrer"></form><form name="title"></form><form name="cookie"></form>
    <img name="currentScript" alt=""><form name="body"></form>`,
};

/**
 * The shop's pages on a free port of 127.0.0.1: `/page` loads the tracker, `/isolated` too but with timers of 5 µs, `/blank` is elsewhere.
 * @param {{ head: string, script: string }} bundle what the tracker puts into the page's head, and its script
 */
export async function startSite(bundle, collector, run) {
  const pageAfter = (change) => `<!doctype html><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
<script>${prelude(collector.origin, run)}</script>${change}${bundle.head(collector.origin)}<script src="/bundle.js"></script>
<body><h1>Books</h1><p>One page of a shop, to be left again.`;
  const page = pageAfter('');
  const blank = '<!doctype html><meta charset="utf-8"><title>Elsewhere</title><link rel="icon" href="data:,"><body>';
  const html = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
  const script = { 'content-type': 'text/javascript; charset=utf-8', 'cross-origin-resource-policy': 'same-origin' };
  const files = {
    '/page': [html, page],
    '/isolated': [{ ...html, ...isolation }, page],
    '/blank': [html, blank],
    ...Object.fromEntries(Object.entries(changes).map(([path, change]) => [path, [html, pageAfter(change)]])),
    '/bundle.js': [script, bundle.script],
    ...(bundle.tag && { '/millrace.js': [script, bundle.tag], '/millrace-full.js': [script, bundle.fullTag] }),
  };
  const server = createServer((request, response) => {
    const [headers, text] = files[new URL(request.url, 'http://site').pathname] ?? [];
    if (text === undefined) return void response.writeHead(404).end();
    response.writeHead(200, headers).end(text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
