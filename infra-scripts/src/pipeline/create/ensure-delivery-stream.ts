import { CreateDeliveryStreamCommand, type DeliveryStreamDescription } from '@aws-sdk/client-firehose';
import type { Pipeline } from '../definition.js';
import { describeDeliveryStream } from '../describe-delivery-stream.js';
import { differences } from '../differences.js';
import { until } from '../wait.js';
import { type Context, call } from './context.js';
import { createOnce } from './create-once.js';
import { createError, differsError } from './errors.js';

/** Creates the delivery stream unless it exists as defined; returns when it is ACTIVE. */
export async function ensureDeliveryStream(context: Context): Promise<void> {
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
