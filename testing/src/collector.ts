import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { checkEvent, type MillraceEvent } from '@millrace/sdk/schema';
import { readContent } from './collector-body.js';

/** One request as it arrived. */
export interface Hit {
  method: string;
  path: string;
  /** What the query says, and the body's envelope where the query does not. */
  params: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** The events' lines, unpacked. */
  body: string;
  /** As it was on the wire. */
  bytes: number;
  events: MillraceEvent[];
  at: number;
}

/**
 * What the collector does with a request: answers it, never answers it, or breaks the connection. An answer is the
 * ingest server's unless it has a `body`; `somebody` says that it comes from somebody on the way, who keeps no event.
 */
export type Reply =
  | { status: number; headers?: Record<string, string>; body?: string; somebody?: boolean }
  | 'hang'
  | 'reset';

export interface Collector {
  origin: string;
  /** Decides the replies from now on; 200 to begin with. */
  reply: (hit: Hit) => Reply | Promise<Reply>;
  /** Every request to /v1/events with a body, in order. */
  hits: Hit[];
  /** Those without events, which ask whether a batch is known: it is, if it was answered with 2xx. */
  asked: Hit[];
  /** Events in requests that were answered with 2xx, each once, in order of arrival. */
  kept(): MillraceEvent[];
  /** Events that were on the wire, as often as they were. */
  sent(): MillraceEvent[];
  /** What did not pass the schema, with the reason. */
  refused: string[];
  /** The most requests that were under way at once. */
  mostAtOnce(): number;
  close(): Promise<void>;
}

/**
 * A small collector on a free port of 127.0.0.1 that serves `files` (path to text) and takes events as the ingest
 * server does, from any origin, and can be told to fail.
 */
export async function startCollector(files: Record<string, string> = {}): Promise<Collector> {
  const sockets = new Set<Socket>();
  const kept = new Map<string, MillraceEvent>();
  const known = new Set<string>();
  let underWay = 0;
  let most = 0;

  const collector: Collector = {
    origin: '',
    reply: () => ({ status: 200 }),
    hits: [],
    asked: [],
    refused: [],
    kept: () => [...kept.values()],
    sent: () => collector.hits.flatMap((hit) => hit.events),
    mostAtOnce: () => most,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function parse(body: string): MillraceEvent[] {
    return body.split('\n').flatMap((line) => {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        collector.refused.push(`no JSON: ${line}`);
        return [];
      }
      const { event, refusal } = checkEvent(value);
      if (refusal) collector.refused.push(`${refusal.path} ${refusal.message}: ${line}`);
      return event ? [event] : [];
    });
  }

  async function takeEvents(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const { key, batch = '', sentAt, lines: body, ...content } = readContent(raw, url.searchParams);
    const isPost = request.method === 'POST';
    // A preflight is always answered.
    const refusal = isPost ? content.refusal : undefined;
    const isQuestion = isPost && body === '' && !refusal;
    const events = isPost && !isQuestion && !refusal ? parse(body) : [];
    const params = new URLSearchParams(url.searchParams);
    for (const [name, said] of Object.entries({ key, batch, sent_at: sentAt })) if (said) params.set(name, said);
    const hit: Hit = {
      method: request.method ?? '',
      path: url.pathname,
      params,
      headers: request.headers,
      body,
      bytes: raw.length,
      events,
      at: Date.now(),
    };
    (isQuestion ? collector.asked : collector.hits).push(hit);
    most = Math.max(most, ++underWay);
    response.once('close', () => underWay--);
    const reply = await collector.reply(hit);
    if (reply === 'hang') return;
    if (reply === 'reset') {
      request.socket.destroy();
      return;
    }
    const isKnown = known.has(batch);
    const isTaken = reply.status < 300 && !reply.somebody;
    if (isTaken && !refusal && !isQuestion) {
      known.add(batch);
      for (const event of events) kept.set(event.event_id, event);
    }
    const status = isTaken && refusal ? refusal.status : reply.status;
    response.writeHead(status, {
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'retry-after',
      'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '',
      'content-type': 'application/json',
      ...reply.headers,
    });
    const lines = body === '' ? 0 : body.split('\n').length;
    const taken = { accepted: events.length, duplicates: 0, rejected: Array(lines - events.length).fill({}) };
    const answer = isQuestion ? { known: isKnown } : taken;
    const error = { batch: batch || undefined, error: { code: refusal?.code ?? 'unavailable', message: '' } };
    response.end(reply.body ?? JSON.stringify(status < 400 ? { time: Date.now(), batch, ...answer } : error));
  }

  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const url = new URL(request.url ?? '/', 'http://collector');
    if (url.pathname === '/v1/events') {
      // A page that leaves breaks its requests off; that is no failure of the test.
      takeEvents(request, response, url).catch(() => response.destroy());
      return;
    }
    const file = files[url.pathname];
    // As the ingest server does: any page may load the script, also with an integrity hash.
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'access-control-allow-origin': '*',
    });
    response.end(file ?? '');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  collector.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return collector;
}
