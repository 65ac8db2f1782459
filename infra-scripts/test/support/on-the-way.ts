import type { IncomingMessage, ServerResponse } from 'node:http';

/** Somebody between the tracker and the ingest server, who answers by himself or changes what passes. */
export type OnTheWay = 'captive portal' | 'redirect' | 'firewall' | 'text bodies' | 'no queries';

/** All of them, by name. */
export const onTheWay: readonly OnTheWay[] = ['captive portal', 'redirect', 'firewall', 'text bodies', 'no queries'];

const html = { 'content-type': 'text/html' };

/** Does with a request to the ingest server at `ingest` what somebody on the way does. */
export async function meddle(
  who: OnTheWay,
  incoming: IncomingMessage,
  response: ServerResponse,
  ingest: string,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  if (who === 'captive portal') return void response.writeHead(200, html).end('<h1>Accept the terms</h1>');
  if (who === 'firewall') return void response.writeHead(403, html).end('<h1>Blocked</h1>');
  if (who === 'redirect') return void response.writeHead(302, { location: '/login' }).end();
  const url = new URL(incoming.url!, ingest);
  if (who === 'no queries') url.search = '';
  const raw = Buffer.concat(parts);
  // Bytes that are no UTF-8 do not outlive this.
  const body = who === 'text bodies' ? Buffer.from(raw.toString('utf8')) : raw;
  const answer = await fetch(url, { method: incoming.method!, headers: { 'content-type': 'text/plain' }, body });
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
}

/**
 * A service worker of the site that has an offline page for each request that fails, and answers each third request
 * with events from its cache.
 */
export const worker = `let kept, count = 0;
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const isOfEvents = event.request.url.includes('/v1/events');
  event.respondWith((async () => {
    if (isOfEvents && kept && ++count % 3 === 0) return kept.clone();
    try {
      const answer = await fetch(event.request);
      if (isOfEvents) kept = answer.clone();
      return answer;
    } catch {
      return new Response('<h1>Offline</h1>', { status: 200, headers: { 'content-type': 'text/html' } });
    }
  })());
});`;
