import type { CreateDeliveryStreamCommandInput } from '@aws-sdk/client-firehose';
import type { CreateStreamCommandInput } from '@aws-sdk/client-kinesis';
import type { CreateBucketCommandInput } from '@aws-sdk/client-s3';
import { bucketInput } from './bucket.js';
import { deliveryStreamInput } from './delivery-stream.js';
import { checkSettings, type PipelineSettings } from './settings.js';
import { streamInput } from './stream.js';
import { errorTableInput, type TableInput, tableInput } from './table.js';

export type { PipelineSettings } from './settings.js';

/** The pipeline's one definition: what AWS, or the embedded AWS, is asked for. */
export interface Pipeline {
  readonly settings: PipelineSettings;
  readonly stream: CreateStreamCommandInput;
  readonly bucket: CreateBucketCommandInput;
  readonly deliveryStream: CreateDeliveryStreamCommandInput;
  /** Glue's TableInput, in the database `settings.database`. */
  readonly table: TableInput;
  /** The same, over Firehose's error objects. */
  readonly errorTable: TableInput;
}

/**
 * Makes the definition from its settings; what is not given is as the laptop has it.
 * @throws RangeError naming every setting that is wrong, with the reason.
 */
export function definePipeline(settings?: Partial<PipelineSettings>): Pipeline {
  const checked = checkSettings(settings);
  return {
    settings: checked,
    stream: streamInput(checked),
    bucket: bucketInput(checked),
    deliveryStream: deliveryStreamInput(checked),
    table: tableInput(checked),
    errorTable: errorTableInput(checked),
  };
}
