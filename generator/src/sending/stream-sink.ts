import { KinesisClient, type KinesisClientConfig, ListStreamsCommand, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { fileUnderOther, isSlug, type StoredEvent } from '@millrace/sdk/schema';
import { orderKey } from './lanes.js';
import { networkFailure } from './network-failure.js';
import { type Attempt, createRetrier } from './retrier.js';
import type { Log, Parcel, Settled, Sink } from './sink.js';

/** A Kinesis stream, and how to put to it. */
export interface StreamSinkOptions {
  /**
   * Endpoint, region, credentials. The sink sets `maxAttempts` to 1 and retries itself, so that it can log each
   * failure.
   */
  clientConfig: KinesisClientConfig;
  /** The Kinesis stream's name. */
  stream: string;
  /** Of the endpoint, for messages: `the embedded AWS at http://127.0.0.1:4566`. */
  description: string;
  /** Fail when nothing has succeeded for this long; 120,000. */
  giveUpAfterMs?: number | undefined;
  log?: Log | undefined;
}

/**
 * The event as the lake stores it. No ingest server files it, and Firehose makes a partition of any name: what is no
 * slug goes under `_other` here. An event that a server has stamped, or that is filed, stays as it is.
 */
function storedLine({ event, line }: Parcel): string {
  if (isSlug(event.page) && isSlug(event.event)) return line;
  const stored: StoredEvent = { ...event };
  if (stored.received_at !== undefined) return line;
  for (const kind of ['page', 'event'] as const) {
    if (!isSlug(stored[kind]) && stored[`${kind}_as_sent`] === undefined) fileUnderOther(stored, kind);
  }
  return JSON.stringify(stored);
}

/** The names of transient failures. */
const transient =
  /Throttl|ProvisionedThroughputExceeded|LimitExceeded|InternalFailure|InternalError|ServiceUnavailable|Timeout/i;

interface ServiceError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** Decides what a failed PutRecord means. `missing`: the stream does not exist. */
export function readPutError(error: unknown): { missing: true } | { retry: string } | { fatal: string } {
  const { name = 'Error', message = '', code, $metadata } = error as ServiceError;
  const said = message === '' || message === name ? name : `${name}: ${message}`;
  if (name === 'ResourceNotFoundException') return { missing: true };
  if (name === 'ProvisionedThroughputExceededException' || /Throttl/i.test(name)) {
    return { retry: `the stream is throttled (${said})` };
  }
  if (name === 'CredentialsProviderError') {
    return {
      fatal: `AWS credentials are missing or invalid (${message}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE`,
    };
  }
  if (/Region is missing/.test(message))
    return {
      fatal:
        'the AWS region is missing. Set AWS_REGION; for the embedded AWS, run npm start, and pass its state folder with --state',
    };
  const status = $metadata?.httpStatusCode;
  if (status === undefined && (code !== undefined || /socket|timed? ?out|timeout/i.test(said))) {
    return { retry: networkFailure(error) };
  }
  if (transient.test(name) || (status !== undefined && status >= 500)) return { retry: said };
  return { fatal: said };
}

/**
 * Puts events straight into a Kinesis stream, one PutRecord each. The partition key is the visitor, so that a visitor's
 * events stay in one shard and in order. Each record ends with a newline, so that the records of an object are its
 * lines.
 */
export function createStreamSink({ clientConfig, stream, description, giveUpAfterMs, log }: StreamSinkOptions): Sink {
  const client = new KinesisClient({ ...clientConfig, maxAttempts: 1 });
  const target = `stream ${stream} at ${description}`;
  const retrier = createRetrier({ target, giveUpAfterMs: giveUpAfterMs ?? 120_000, log: log ?? (() => {}) });
  let requests = 0;

  /** Names the existing streams, so that a typing error shows. */
  async function missing(): Promise<{ fatal: string }> {
    const advice = `Create it (aws kinesis create-stream --stream-name ${stream} --shard-count 1), or start everything with npm start`;
    try {
      const { StreamNames = [] } = await client.send(new ListStreamsCommand({ Limit: 10 }));
      const existing = StreamNames.length === 0 ? 'No stream exists.' : `Existing streams: ${StreamNames.join(', ')}.`;
      return { fatal: `the stream does not exist. ${existing} ${advice}` };
    } catch {
      return { fatal: `the stream does not exist. ${advice}` };
    }
  }

  async function attempt(parcel: Parcel): Promise<Attempt<Settled>> {
    requests += 1;
    try {
      const { $metadata: _, ...answer } = await client.send(
        new PutRecordCommand({
          StreamName: stream,
          PartitionKey: orderKey(parcel.event),
          Data: Buffer.from(`${storedLine(parcel)}\n`),
        }),
      );
      return { done: { refused: [], answer } };
    } catch (error) {
      const meaning = readPutError(error);
      return 'missing' in meaning ? missing() : meaning;
    }
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
    maxBatchEvents: 1,
    maxBatchBytes: 1024 * 1024,
    send: ([parcel]) => retrier.run(() => attempt(parcel!)),
    hurry: retrier.hurry,
    close: () => client.destroy(),
  };
}
