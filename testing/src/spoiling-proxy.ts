import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a proxy passes on: its path with the query, and its body. */
export interface Passing {
  path: string;
  body: Buffer;
}

/** What a proxy does to the requests with a body. Headers stay, except the body's length. */
export type Spoiling = (passing: Passing) => Passing;

export interface SpoilingProxy {
  origin: string;
  /** The answers that it passed back to requests with events, by their statuses in order. */
  statuses: number[];
  spoil: Spoiling;
  close(): Promise<void>;
}

/** The body decoded and encoded as UTF-8: what is no UTF-8 becomes U+FFFD. */
export const asText: Spoiling = ({ path, body }) => ({ path, body: Buffer.from(body.toString('utf8')) });
/** The address without its query. */
export const withoutQuery: Spoiling = ({ path, body }) => ({ path: path.split('?')[0]!, body });

/** Starts a proxy on a free port in front of `target`, an origin. It passes everything on. */
export async function startSpoilingProxy(target: string): Promise<SpoilingProxy> {
  async function pass(request: IncomingMessage): Promise<IncomingMessage> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const arrived = { path: request.url ?? '/', body: Buffer.concat(chunks) };
    const { path, body } = request.method === 'POST' ? proxy.spoil(arrived) : arrived;
    const { 'transfer-encoding': _, connection: __, ...headers } = request.headers;
    return new Promise((resolve, reject) => {
      const onward = httpRequest(target + path, {
        method: request.method,
        headers: { ...headers, 'content-length': body.length },
      });
      onward.on('response', resolve).on('error', reject).end(body);
    });
  }

  const server = createServer((request, response) => {
    pass(request).then(
      (answer) => {
        if (request.method === 'POST') proxy.statuses.push(answer.statusCode!);
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
      () => response.destroy(),
    );
  });
  const proxy: SpoilingProxy = {
    origin: '',
    statuses: [],
    spoil: (passing) => passing,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}
