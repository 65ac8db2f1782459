import { CreateDeliveryStreamCommand, type DeliveryStreamDescription } from '@aws-sdk/client-firehose';
import { CreateStreamCommand, type StreamDescriptionSummary } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { isMillraceError, MillraceError } from '@millrace/kit/millrace-error';
import { streamArn } from './arns.js';
import type { Pipeline } from './definition.js';
import { describeBucket, describeStream, type PipelineClients } from './describe.js';
import { describeDeliveryStream } from './describe-delivery-stream.js';
import { differences } from './differences.js';
import { isTransient } from './transient.js';
import { until } from './wait.js';

export type { PipelineClients } from './describe.js';

/** How to create a pipeline. */
export interface CreateOptions {
  /** One line a step. */
  onProgress?(line: string): void;
  signal?: AbortSignal;
  /** How long one part may take to become ACTIVE. AWS takes under a minute or two. */
  timeoutMs?: number;
  /** How long Firehose may fail to take up a role that was made just now: IAM spreads slowly. */
  propagationMs?: number;
}

/**
 * `PIPELINE_DIFFERS`: what exists under the name is something else, and nothing was changed. `differences` has one line
 * a place.
 */
const differsError = (what: string, differences: readonly string[]) =>
  new MillraceError(
    'PIPELINE_DIFFERS',
    `${what} exists and is not as defined: ${differences.join('; ')}. ` +
      'Nothing was changed. Delete it, give the pipeline another name, or change the definition to what exists.',
  );

interface Context {
  pipeline: Pipeline;
  clients: PipelineClients;
  log(line: string): void;
  signal: AbortSignal | undefined;
  timeoutMs: number;
  propagationMs: number;
}

const call = ({ signal }: Context) => (signal ? { abortSignal: signal } : {});
/** `CREATE_FAILED`: AWS refused, or what exists cannot be used. */
const createError = (message: string, cause?: unknown) => new MillraceError('CREATE_FAILED', message, { cause });

const nameOf = (error: unknown) => (error instanceof Error ? error.name : '');

/**
 * Creates what of the pipeline does not exist yet, through the AWS APIs, and returns when the stream and then the
 * delivery stream are ACTIVE, so that no event can be put before Firehose reads. What exists and is as defined is left
 * alone. The table is not created here.
 * @throws MillraceError `PIPELINE_DIFFERS` when something exists and differs; `CREATE_FAILED` with AWS's words when AWS
 * refuses.
 */
export async function createPipeline(
  pipeline: Pipeline,
  clients: PipelineClients,
  options: CreateOptions = {},
): Promise<void> {
  const context: Context = {
    pipeline,
    clients,
    log: options.onProgress ?? (() => {}),
    signal: options.signal,
    timeoutMs: options.timeoutMs ?? 300_000,
    propagationMs: options.propagationMs ?? 120_000,
  };
  context.signal?.throwIfAborted();
  await Promise.all([ensureBucket(context), ensureStream(context)]);
  await ensureDeliveryStream(context);
}

async function ensureBucket(context: Context): Promise<void> {
  const { bucket: name, region } = context.pipeline.settings;
  const found = await describeBucket(context.clients.s3, name, context.signal);
  if (found) {
    if (found.region !== undefined && found.region !== region) {
      throw differsError(`the bucket ${name}`, [`its region is ${found.region}, wanted ${region}`]);
    }
    return context.log(`bucket ${name}: exists`);
  }
  try {
    await context.clients.s3.send(new CreateBucketCommand(context.pipeline.bucket), call(context));
  } catch (error) {
    if (nameOf(error) === 'BucketAlreadyExists') {
      throw createError(
        `the bucket name ${name} is taken by another account (they are unique over all of AWS): choose another`,
        error,
      );
    }
    // Somebody was faster, with the same credentials.
    if (nameOf(error) !== 'BucketAlreadyOwnedByYou') throw refused(`creating the bucket ${name}`, error);
  }
  context.log(`bucket ${name}: created`);
}

async function ensureStream(context: Context): Promise<void> {
  const { stream: name } = context.pipeline.settings;
  const { kinesis } = context.clients;
  let created = false;
  if (!(await describeStream(kinesis, name, context.signal))) {
    created = await createOnce(
      context,
      `creating the stream ${name}`,
      () => kinesis.send(new CreateStreamCommand(context.pipeline.stream), call(context)),
      context.timeoutMs,
    );
    if (created) context.log(`stream ${name}: creating`);
  }
  const active = await until(
    async () => {
      const found = await describeStream(kinesis, name, context.signal);
      if (found?.StreamStatus === 'DELETING') {
        throw createError(`the stream ${name} is being deleted: try again when it is gone`);
      }
      return found?.StreamStatus === 'ACTIVE' ? found : undefined;
    },
    { what: `the stream ${name} to be ACTIVE`, timeoutMs: context.timeoutMs, signal: context.signal },
  );
  checkStream(context.pipeline, active);
  context.log(`stream ${name}: ${created ? 'ACTIVE' : 'exists'}`);
}

function checkStream(pipeline: Pipeline, found: StreamDescriptionSummary): void {
  const { ShardCount: OpenShardCount, StreamModeDetails } = pipeline.stream;
  const differing = differences(
    { StreamARN: streamArn(pipeline.settings), OpenShardCount, StreamModeDetails },
    // Streams from before there were modes are described without one.
    { ...found, StreamModeDetails: found.StreamModeDetails ?? { StreamMode: 'PROVISIONED' } },
  );
  if (differing.length > 0) throw differsError(`the stream ${pipeline.settings.stream}`, differing);
}

async function ensureDeliveryStream(context: Context): Promise<void> {
  const { deliveryStream: name } = context.pipeline.settings;
  const { firehose } = context.clients;
  let created = false;
  if (!(await describeDeliveryStream(firehose, name, context.signal))) {
    created = await createOnce(
      context,
      `creating the delivery stream ${name}`,
      () => firehose.send(new CreateDeliveryStreamCommand(context.pipeline.deliveryStream), call(context)),
      context.propagationMs,
    );
    if (created) context.log(`delivery stream ${name}: creating`);
  }
  const active = await until(
    async () => {
      const found = await describeDeliveryStream(firehose, name, context.signal);
      if (found?.DeliveryStreamStatus === 'CREATING_FAILED') {
        const { Type, Details } = found.FailureDescription ?? {};
        throw createError(
          `the delivery stream ${name} could not be created: ${Type ?? 'no reason given'} ${Details ?? ''}`.trim(),
        );
      }
      if (found?.DeliveryStreamStatus?.startsWith('DELETING')) {
        throw createError(`the delivery stream ${name} is ${found.DeliveryStreamStatus}: try again when it is gone`);
      }
      return found?.DeliveryStreamStatus === 'ACTIVE' ? found : undefined;
    },
    { what: `the delivery stream ${name} to be ACTIVE`, timeoutMs: context.timeoutMs, signal: context.signal },
  );
  checkDeliveryStream(context.pipeline, active);
  context.log(`delivery stream ${name}: ${created ? 'ACTIVE' : 'exists'}`);
}

function checkDeliveryStream(pipeline: Pipeline, found: DeliveryStreamDescription): void {
  const { DeliveryStreamType, KinesisStreamSourceConfiguration, ExtendedS3DestinationConfiguration } =
    pipeline.deliveryStream;
  const destination = found.Destinations?.[0]?.ExtendedS3DestinationDescription;
  const differing = [
    ...differences(
      { DeliveryStreamType, Source: KinesisStreamSourceConfiguration },
      { ...found, Source: found.Source?.KinesisStreamSourceDescription },
    ),
    ...differences(
      ExtendedS3DestinationConfiguration,
      // What AWS takes for granted may be left out of a description.
      {
        CustomTimeZone: 'UTC',
        S3BackupMode: 'Disabled',
        EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
        ...destination,
      },
    ),
  ];
  if (differing.length > 0) {
    throw differsError(`the delivery stream ${pipeline.settings.deliveryStream}`, differing);
  }
}

/** False when somebody else created it in the meantime. Retries while AWS's answer is a transient error. */
async function createOnce(
  context: Context,
  what: string,
  create: () => Promise<unknown>,
  timeoutMs: number,
): Promise<boolean> {
  let last: unknown;
  let told = false;
  return until(
    async () => {
      try {
        await create();
        return true;
      } catch (error) {
        if (nameOf(error) === 'ResourceInUseException') return false;
        if (!isTransient(error)) throw refused(what, error);
        if (!told) context.log(`${what}: waiting, because AWS answers: ${(error as Error).message}`);
        told = true;
        last = error;
        return undefined;
      }
    },
    { what, timeoutMs, signal: context.signal },
  ).catch((error) => {
    throw last !== undefined && isMillraceError(error, 'TIMED_OUT')
      ? createError(`${error.message}; the last answer: ${(last as Error).message}`, last)
      : error;
  });
}

function refused(what: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  return createError(`${what} failed: ${error.name}: ${error.message}`, error);
}
