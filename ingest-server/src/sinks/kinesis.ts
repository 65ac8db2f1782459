import {
  KinesisClient,
  type KinesisClientConfig,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsOutput,
} from '@aws-sdk/client-kinesis';
import { keepAliveHandler } from '@millrace/kit/keep-alive';
import type { HashRange } from '../core/delivery/hash-ranges.js';
import { type RecordFailure, type Sink, SinkError } from '../core/delivery/sink.js';
import { toSinkError } from './aws-answer.js';
import { createPutRecordsBodies } from './put-records-body.js';
import { createSignedCalls } from './signed-calls.js';
import { createStreamReader } from './stream-reader.js';

/** The stream, and the time limit of its calls. */
export interface KinesisSinkOptions {
  stream: string;
  /** The time limit of a call; after that its outcome is unknown. 10 s. */
  timeoutMs?: number;
  /** Endpoint, region and credentials that count more than the client's own chain. */
  clientConfig?: Pick<KinesisClientConfig, 'endpoint' | 'region' | 'credentials'>;
}

/**
 * Lets the official client do everything but write the records into the body, which would cost three times as much as
 * all the rest of a call: endpoint, credentials, signature and transport stay its own.
 */
function writeBodies(client: KinesisClient): WeakMap<object, Buffer> {
  const bodies = new WeakMap<object, Buffer>();
  client.middlewareStack.add(
    (next) => (args) => {
      const body = bodies.get(args.input);
      if (body !== undefined) (args.request as { body: unknown }).body = body;
      return next(args);
    },
    // Before the client counts the body's bytes and signs them.
    { step: 'build', priority: 'high', name: 'packedRecordsBody' },
  );
  return bodies;
}

/**
 * The Kinesis stream, through the official client; endpoint, region and credentials come from its own chain
 * (AWS_ENDPOINT_URL, AWS_REGION, …). Its retries are off: they would send whole calls again and let records overtake
 * each other. The delivery retries.
 */
export function createKinesisSink({ stream, timeoutMs = 10_000, clientConfig = {} }: KinesisSinkOptions): Sink {
  const requestHandler = keepAliveHandler({
    maxSockets: 64,
    connectionTimeoutMs: Math.min(1_000, timeoutMs),
    requestTimeoutMs: timeoutMs,
    throwOnRequestTimeout: true,
  });
  const client = new KinesisClient({ ...clientConfig, maxAttempts: 1, requestHandler });

  const bodies = createPutRecordsBodies(stream);
  const firstBodies = writeBodies(client);
  const calls = createSignedCalls(client, requestHandler, 'PutRecordsCommand');

  /** A call by the client itself: the template of those after it. */
  async function putFirst(body: Buffer, abortSignal: AbortSignal): Promise<PutRecordsOutput> {
    const input = { StreamName: stream, Records: [] };
    firstBodies.set(input, body);
    return client.send(new PutRecordsCommand(input), { abortSignal });
  }
  const putByTemplate = async (body: Buffer, abortSignal: AbortSignal) =>
    JSON.parse(await calls.send(body, abortSignal)) as Partial<PutRecordsOutput>;

  /** Bounds the whole call, also the client's search for credentials before the request. */
  async function within<T>(call: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new SinkError('unreachable', 'Timeout', `no answer from Kinesis within ${timeoutMs} ms`));
        abort.abort();
      }, timeoutMs);
    });
    try {
      return await Promise.race([call(abort.signal), late]);
    } catch (error) {
      throw toSinkError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async put(records) {
      const body = bodies.write(records);
      const put = calls.isReady() ? putByTemplate : putFirst;
      const { Records: outcomes = [] } = await within((abortSignal) => put(body, abortSignal));
      // Only after an answer: a failed call may still be sending its body.
      bodies.release(body);
      if (outcomes.length !== records.length) {
        throw new SinkError('unreachable', 'BadAnswer', `${outcomes.length} outcomes for ${records.length} records`);
      }
      return outcomes.map(
        ({ SequenceNumber, ErrorCode, ErrorMessage }): RecordFailure =>
          SequenceNumber !== undefined && ErrorCode === undefined
            ? undefined
            : { code: ErrorCode ?? 'BadAnswer', message: ErrorMessage ?? 'no sequence number' },
      );
    },

    async ranges() {
      const ranges: HashRange[] = [];
      let NextToken: string | undefined;
      do {
        // Only the first page names the stream: later ones refuse the name.
        const command = new ListShardsCommand(NextToken === undefined ? { StreamName: stream } : { NextToken });
        const page = await within((abortSignal) => client.send(command, { abortSignal }));
        for (const { HashKeyRange: range, SequenceNumberRange: numbers } of page.Shards ?? []) {
          // A shard with an end takes no more records.
          if (numbers?.EndingSequenceNumber !== undefined || range === undefined) continue;
          ranges.push({ start: BigInt(range.StartingHashKey!), end: BigInt(range.EndingHashKey!) });
        }
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      if (ranges.length === 0) throw new SinkError('misconfigured', 'NoShards', `stream ${stream} has no open shard`);
      return ranges.sort((a, b) => (a.start < b.start ? -1 : 1));
    },

    read: createStreamReader(client, stream, within),

    close: () => client.destroy(),
  };
}
