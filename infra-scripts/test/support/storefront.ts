import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { undelta } from '@millrace/sdk/schema';
import { meddle, type OnTheWay, onTheWay, worker } from './on-the-way.js';

/** What becomes of requests with events: `ok` passes them on; the rest fails before or after the server has them. */
export type Weather = 'ok' | '503' | 'reset' | 'hang' | 'lost answer' | OnTheWay;

/** A shop with the tracker on each page, and the way to the ingest server, which can be made to fail. */
export interface Storefront {
  origin: string;
  weather: Weather;
  /** Requests with events that reached it. */
  batches: number;
  /** The tracker's script, in place of the ingest server's. */
  script: Buffer | undefined;
  /** Lines that are taken out on the way, though their batch is answered as if they were in it. */
  steals(line: string): boolean;
  close(): Promise<void>;
}

const page = (path: string) => `<!doctype html><title>${path}</title>
  <script async src="/millrace.js" data-key="demo" data-page="books" data-auto="off"></script><body>${path}</body>`;

const honest = () => false;

const isOnTheWay = (weather: Weather): weather is OnTheWay => onTheWay.includes(weather as OnTheWay);

/** @param ingest where the ingest server is */
export async function startStorefront(ingest: string): Promise<Storefront> {
  const sockets = new Set<Socket>();

  function passOn(incoming: IncomingMessage, response: ServerResponse, answer: boolean): void {
    const { method, url, headers } = incoming;
    const outgoing = request(
      new URL(url!, ingest),
      { method, headers: { ...headers, host: new URL(ingest).host } },
      (answered) => {
        if (!answer) {
          answered.resume().on('end', () => incoming.socket.destroy());
          return;
        }
        response.writeHead(answered.statusCode!, answered.headers);
        answered.pipe(response);
      },
    );
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  }

  async function robbed(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const url = new URL(incoming.url!, ingest);
    const raw = Buffer.concat(parts);
    const encoding = url.searchParams.get('encoding');
    const sent = (encoding === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
    const text = encoding === 'delta' ? undelta(sent, Infinity) : sent;
    url.searchParams.delete('encoding');
    const lines = text.split('\n');
    const left = lines.filter((line) => !front.steals(line));
    const taken = { time: Date.now(), batch: url.searchParams.get('batch'), accepted: 0, duplicates: 0, rejected: [] };
    const answer = left.length > 0 ? await fetch(url, { method: 'POST', body: left.join('\n') }) : undefined;
    const told = answer === undefined ? taken : ((await answer.json()) as Partial<typeof taken>);
    // Who steals says that all is there.
    if (told.accepted !== undefined) told.accepted += lines.length - left.length;
    response.writeHead(answer?.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(told));
  }

  const server = createServer({ keepAliveTimeout: 75_000 }, (incoming, response) => {
    const path = incoming.url!.split('?')[0]!;
    if (path === '/millrace.js' && front.script) {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(front.script);
      return;
    }
    if (path === '/worker.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(worker);
      return;
    }
    if (path === '/millrace.js') return passOn(incoming, response, true);
    if (path !== '/v1/events') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(page(path));
      return;
    }
    front.batches++;
    if (front.steals !== honest) return void robbed(incoming, response);
    if (front.weather === 'ok') passOn(incoming, response, true);
    else if (front.weather === 'lost answer') passOn(incoming, response, false);
    else if (front.weather === '503') incoming.resume().on('end', () => response.writeHead(503).end());
    else if (front.weather === 'reset') incoming.socket.destroy();
    else if (isOnTheWay(front.weather))
      meddle(front.weather, incoming, response, ingest).catch(() => response.destroy());
    // hang: never an answer
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const front: Storefront = {
    origin: '',
    weather: 'ok',
    batches: 0,
    script: undefined,
    steals: honest,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  front.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return front;
}
