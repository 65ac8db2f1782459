import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { markersIn } from './markers.mjs';

/** How long an answer takes: a short way to a server, but not none, so that what is in flight when a page is left is in flight. */
const latencyMs = 25;

const cors = (request) => ({
  'access-control-allow-origin': request.headers.origin ?? '*',
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': 'GET,POST,OPTIONS',
  'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
  'access-control-max-age': '7200',
  'access-control-expose-headers': 'retry-after',
  'cross-origin-resource-policy': 'cross-origin',
});

/** What a request took on the wire, without the frames below HTTP. */
function headBytes(request) {
  const line = `${request.method} ${request.url} HTTP/1.1\r\n`.length;
  return request.rawHeaders.reduce((sum, part) => sum + part.length + 2, line + 2);
}

/**
 * A server for one tracker on a free port of 127.0.0.1, so an origin other than the page's. It answers as that tracker's own server does and
 * counts the events that it took.
 * `mode` is what it does with events: `ok`, `503`, `reset` (breaks the connection), `hang` (never answers), `offline-page` (somebody answers 200 with
 * HTML), `text-proxy` (somebody decodes and encodes the body as UTF-8). What the tracker fetches to
 * configure itself is served in every mode, and a preflight is refused by no status, only by `reset` and `hang`.
 */
export async function startCollector(peer, run) {
  const sockets = new Set();
  const hung = new Set();
  const taken = new Map();
  /** For what a tracker's own server remembers. */
  const memory = new Set();
  const collector = { origin: '', mode: 'ok', hits: [], preflights: [], taken };

  /** How many requests came, preflights among them. */
  collector.requests = () => collector.hits.length + collector.preflights.length;
  /** Of the events 0 … `tracked` - 1: how many came, and how many copies too many. */
  collector.summary = (tracked) => {
    let got = 0;
    let duplicates = 0;
    for (const [n, times] of taken) {
      if (n >= tracked) continue;
      got += 1;
      duplicates += times - 1;
    }
    return { tracked, got, duplicates };
  };
  collector.setMode = (mode) => {
    collector.mode = mode;
    // A server that hangs and is restarted breaks what hung.
    for (const socket of hung) socket.destroy();
    hung.clear();
  };
  collector.close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };

  async function serve(request, response) {
    const { pathname: path, search, searchParams: params } = new URL(request.url, 'http://collector');
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    const control = peer.isControl?.(path) ?? false;
    const { mode } = collector;
    const body = mode === 'text-proxy' && !control ? Buffer.from(sent.toString('utf8'), 'utf8') : sent;
    const preflight = request.method === 'OPTIONS';
    const markers = preflight ? [] : markersIn(body, search, run);
    if (preflight) collector.preflights.push({ at: Date.now(), path });
    else if (!control)
      collector.hits.push({ at: Date.now(), path, mode, markers, body: body.length, head: headBytes(request) });
    if (!control && mode === 'reset') return void request.socket.destroy();
    if (!control && mode === 'hang') return void hung.add(request.socket);
    await sleep(latencyMs);
    if (preflight) return void response.writeHead(204, cors(request)).end();
    if (!control && mode === '503')
      return void response.writeHead(503, { ...cors(request), 'content-type': 'text/plain' }).end('unavailable');
    if (!control && mode === 'offline-page')
      return void response
        .writeHead(200, { ...cors(request), 'content-type': 'text/html' })
        .end('<title>You are offline</title>');
    for (const n of markers) taken.set(n, (taken.get(n) ?? 0) + 1);
    const { status, body: text, type } = peer.answer({ path, markers, params, body, bytes: body.length, memory });
    response.writeHead(status, { ...cors(request), 'content-type': type }).end(text);
  }

  const server = createServer((request, response) => {
    // A page that leaves breaks its requests off: nothing to report.
    serve(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  collector.origin = `http://127.0.0.1:${server.address().port}`;
  return collector;
}
