import { KinesisClient, type KinesisClientConfig, ListStreamsCommand, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { networkTrouble } from './collector.js';
import { keyOf } from './lanes.js';
import { type Attempt, createRetrier } from './retrying.js';
import type { Log, Parcel, Settled, Sink } from './sink.js';

export interface StreamSinkOptions {
  /** Where and as whom; the sink retries by itself, so that it can say so. */
  clientConfig: KinesisClientConfig;
  stream: string;
  /** Where the client puts to, for messages: `the embedded AWS at http://127.0.0.1:4566`. */
  description: string;
  giveUpAfterMs?: number | undefined;
  log?: Log | undefined;
}

/** Names that the service gives to refusals which pass by themselves. */
const passing =
  /Throttl|ProvisionedThroughputExceeded|LimitExceeded|InternalFailure|InternalError|ServiceUnavailable|Timeout/i;

interface ServiceError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** What a failed PutRecord means; a missing stream is looked into by the sink. */
export function readPutError(error: unknown): { missing: true } | { retry: string } | { fatal: string } {
  const { name = 'Error', message = '', code, $metadata } = error as ServiceError;
  const said = message === '' || message === name ? name : `${name}: ${message}`;
  if (name === 'ResourceNotFoundException') return { missing: true };
  if (name === 'ProvisionedThroughputExceededException' || /Throttl/i.test(name)) {
    return { retry: `the stream is full for the moment (${said})` };
  }
  if (name === 'CredentialsProviderError') {
    return {
      fatal: `no AWS credentials (${message}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE`,
    };
  }
  if (/Region is missing/.test(message))
    return {
      fatal:
        'no AWS region is set. Set AWS_REGION; for the embedded AWS, run npm start, and name its folder with --state if it has one',
    };
  const status = $metadata?.httpStatusCode;
  if (status === undefined && (code !== undefined || /socket|timed? ?out|timeout/i.test(said))) {
    return { retry: networkTrouble(error) };
  }
  if (passing.test(name) || (status !== undefined && status >= 500)) return { retry: said };
  return { fatal: said };
}

/**
 * Puts events straight into a Kinesis stream, one PutRecord each: the partition key is the visitor, so a visitor's events stay in one
 * shard and in order, and each record ends with a newline, so that the records of an object are its lines.
 */
export function createStreamSink({ clientConfig, stream, description, giveUpAfterMs, log }: StreamSinkOptions): Sink {
  const client = new KinesisClient({ ...clientConfig, maxAttempts: 1 });
  const target = `stream ${stream} at ${description}`;
  const retrier = createRetrier({ target, giveUpAfterMs: giveUpAfterMs ?? 120_000, log: log ?? (() => {}) });
  let requests = 0;

  /** The streams there are, so that a typing error shows. */
  async function missing(): Promise<{ fatal: string }> {
    const advice = `Create it (aws kinesis create-stream --stream-name ${stream} --shard-count 1), or start everything with npm start`;
    try {
      const { StreamNames = [] } = await client.send(new ListStreamsCommand({ Limit: 10 }));
      const there = StreamNames.length === 0 ? 'There are none.' : `There are: ${StreamNames.join(', ')}.`;
      return { fatal: `there is no stream of that name. ${there} ${advice}` };
    } catch {
      return { fatal: `there is no stream of that name. ${advice}` };
    }
  }

  async function attempt({ event, line }: Parcel): Promise<Attempt<Settled>> {
    requests += 1;
    try {
      const { $metadata: _, ...answer } = await client.send(
        new PutRecordCommand({ StreamName: stream, PartitionKey: keyOf(event), Data: Buffer.from(`${line}\n`) }),
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
