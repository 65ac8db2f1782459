import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MillraceEvent } from '@millrace/sdk/schema';

/**
 * How the stub treats one request. `keepThenReset` keeps the events and cuts the connection before the answer, as a
 * crash would.
 */
export type Treatment =
  | { kind: 'accept' }
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string }
  | { kind: 'reset' }
  | { kind: 'keepThenReset' }
  | { kind: 'hang' }
  | { kind: 'reject'; indices: number[] };

export interface StubRequest {
  atMs: number;
  query: URLSearchParams;
  contentType: string | undefined;
  lines: string[];
}

export interface CollectorStub {
  url: string;
  requests: StubRequest[];
  /** The events kept, in the order of their keeping; one twice when it came twice. */
  kept: MillraceEvent[];
  close(): Promise<void>;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * An ingest server as the wire protocol describes it, whose failures `treat` decides. `number` counts the requests from
 * 0.
 */
export async function startCollectorStub(
  treat: (number: number, request: StubRequest) => Treatment = () => ({ kind: 'accept' }),
): Promise<CollectorStub> {
  const requests: StubRequest[] = [];
  const kept: MillraceEvent[] = [];
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    void textOf(request).then((body) => {
      const lines = body.split('\n').filter((line) => line !== '');
      const seen: StubRequest = {
        atMs: performance.now(),
        query: new URL(request.url!, 'http://stub').searchParams,
        contentType: request.headers['content-type'],
        lines,
      };
      const treatment = treat(requests.push(seen) - 1, seen);
      const rejected = new Set(treatment.kind === 'reject' ? treatment.indices.filter((index) => index in lines) : []);
      if (['accept', 'reject', 'keepThenReset'].includes(treatment.kind)) {
        for (const [index, line] of lines.entries()) if (!rejected.has(index)) kept.push(JSON.parse(line));
      }
      if (treatment.kind === 'hang') return;
      if (treatment.kind === 'reset' || treatment.kind === 'keepThenReset') {
        request.socket.destroy();
        return;
      }
      if (treatment.kind === 'answer') {
        response.writeHead(treatment.status, treatment.headers).end(treatment.body ?? '');
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          time: Date.now(),
          accepted: lines.length - rejected.size,
          rejected: [...rejected].map((index) => ({
            index,
            event_id: JSON.parse(lines[index]!).event_id,
            code: 'invalid_event',
            path: '/page',
            message: 'the stub does not like it',
          })),
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    kept,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
