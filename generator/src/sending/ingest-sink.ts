import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createRandom } from '@millrace/kit/seeded-random';
import { uuidV7 } from '@millrace/kit/uuid';
import { limits } from '@millrace/sdk/schema';
import { type IngestAnswer, readAnswer } from './ingest-answer.js';
import { networkFailure } from './network-failure.js';
import { type Attempt, createRetrier } from './retrier.js';
import type { Log, Parcel, Refused, Settled, Sink } from './sink.js';

/** An ingest server, and how to send to it. */
export interface IngestSinkOptions {
  /** The ingest server's address; a path in it is kept, as behind a proxy. */
  url: string;
  /** The site's write key. */
  key: string;
  /** Requests in flight at most. */
  connections: number;
  /** Events in a request at most; the schema's limit. */
  batchEvents?: number | undefined;
  /** Fail when nothing has succeeded for this long; 120,000. */
  giveUpAfterMs?: number | undefined;
  log?: Log | undefined;
}

/** A request without an answer after this is repeated. An ingest server answers or refuses long before. */
const answerTimeoutMs = 30_000;
/** No valid answer is larger, even with every event rejected. */
const maxAnswerBytes = 4 * 1024 * 1024;

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`its answer is larger than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString('utf8');
}

/**
 * Sends batches to an ingest server as the tracker does: JSON Lines as text/plain; a retry repeats the batch and its
 * id.
 */
export function createIngestSink(options: IngestSinkOptions): Sink {
  const endpoint = new URL(options.url);
  endpoint.pathname = `${endpoint.pathname.replace(/\/+$/, '')}/v1/events`;
  endpoint.search = '';
  endpoint.hash = '';
  const secure = endpoint.protocol === 'https:';
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: options.connections });
  const request = secure ? httpsRequest : httpRequest;
  const ids = createRandom(`${Date.now()} ${process.pid} ${Math.random()}`);
  const target = `the ingest server at ${endpoint.origin}${endpoint.pathname.replace(/\/v1\/events$/, '')}`;
  const retrier = createRetrier({
    target,
    giveUpAfterMs: options.giveUpAfterMs ?? 120_000,
    log: options.log ?? (() => {}),
  });
  let requests = 0;

  function post(path: string, body: Buffer): Promise<{ status: number; retryAfter: string | undefined; body: string }> {
    return new Promise((resolve, reject) => {
      const call = request(endpoint, {
        method: 'POST',
        agent,
        path,
        timeout: answerTimeoutMs,
        headers: { 'content-type': 'text/plain', 'content-length': body.length },
      });
      call.on('timeout', () => call.destroy(new Error(`no answer within ${answerTimeoutMs / 1000} s`)));
      call.on('error', reject);
      call.on('response', (response) => {
        const retryAfter = response.headers['retry-after'];
        readText(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, retryAfter, body: text }),
          reject,
        );
      });
      call.end(body);
    });
  }

  async function attempt(batch: string, body: Buffer, events: number): Promise<Attempt<IngestAnswer>> {
    const query = new URLSearchParams({ key: options.key, sent_at: String(Date.now()), batch });
    requests += 1;
    try {
      return readAnswer(await post(`${endpoint.pathname}?${query}`, body), events, Date.now());
    } catch (error) {
      return { retry: networkFailure(error) };
    }
  }

  async function send(parcels: readonly Parcel[]): Promise<Settled> {
    const batch = uuidV7(Date.now(), ids.bits);
    const body = Buffer.from(`${parcels.map(({ line }) => line).join('\n')}\n`);
    const answer = await retrier.run(() => attempt(batch, body, parcels.length));
    if ('split' in answer) {
      if (parcels.length === 1) return { refused: [{ event: parcels[0]!.event, reason: answer.split }], answer };
      const middle = Math.ceil(parcels.length / 2);
      const first = await send(parcels.slice(0, middle));
      const second = await send(parcels.slice(middle));
      return { refused: [...first.refused, ...second.refused], answer: second.answer };
    }
    const refused = answer.rejected.map(
      ({ index, code, path, message }): Refused => ({
        event: parcels[index]!.event,
        reason: `${code}${path === '' ? '' : ` at ${path}`}: ${message}`,
      }),
    );
    return { refused, answer: answer.body };
  }

  return {
    target,
    counts: {
      get requests() {
        return requests;
      },
      get retries() {
        return retrier.retries();
      },
    },
    maxBatchEvents: Math.min(options.batchEvents ?? limits.batchEvents, limits.batchEvents),
    maxBatchBytes: limits.batchBytes,
    send,
    hurry: retrier.hurry,
    close: () => agent.destroy(),
  };
}
