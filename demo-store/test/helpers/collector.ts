import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { checkEvent, type MillraceEvent, undelta } from '@millrace/sdk/schema';

/** The tracker that ships, as Rollup made it. */
export function realTracker(): string {
  return readFileSync(createRequire(import.meta.url).resolve('@millrace/sdk/millrace.js'), 'utf8');
}

/** A collector on a free port: serves the script at /millrace.js and keeps the events that come and fit the schema. */
export async function startCollector(script: string) {
  const events = new Map<string, MillraceEvent>();
  const refused: string[] = [];
  const batches = new Set<string | null>();

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const { searchParams } = new URL(request.url!, 'http://collector');
    const batch = searchParams.get('batch');
    const isKnown = batches.has(batch);
    // An empty request asks whether the batch is here.
    const isQuestion = raw.length === 0;
    if (!isQuestion) batches.add(batch);
    const encoding = isQuestion ? undefined : searchParams.get('encoding');
    const text = (encoding === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
    const body = encoding === 'delta' ? undelta(text, Infinity) : text;
    for (const line of body.split('\n').filter(Boolean)) {
      const { event, refusal } = checkEvent(JSON.parse(line));
      if (event) events.set(event.event_id, event);
      else refused.push(`${refusal.path} ${refusal.message}: ${line}`);
    }
    response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
    response.end(JSON.stringify({ time: Date.now(), known: isKnown, accepted: events.size, rejected: [] }));
  }

  const server = createServer((request, response) => {
    if (request.url?.startsWith('/v1/events')) {
      // A page that leaves breaks its requests off; the tracker sends them again.
      take(request, response).catch(() => response.destroy());
      return;
    }
    response.writeHead(200, { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' }).end(script);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    /** The events so far in the order in which the visitor made them, without the page views unless asked for. */
    events: (withViews = false) =>
      [...events.values()]
        .filter(({ event }) => withViews || event !== 'page_view')
        .sort((a, b) => Date.parse(a.event_time) - Date.parse(b.event_time) || a.seq - b.seq),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Collector = Awaited<ReturnType<typeof startCollector>>;
