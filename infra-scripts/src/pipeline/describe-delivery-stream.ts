import {
  type DeliveryStreamDescription,
  DescribeDeliveryStreamCommand,
  type FirehoseClient,
} from '@aws-sdk/client-firehose';
import { undefinedWhen } from './undefined-when.js';

/** The delivery stream as Firehose describes it; undefined when there is none. */
export async function describeDeliveryStream(
  firehose: FirehoseClient,
  name: string,
  signal?: AbortSignal,
): Promise<DeliveryStreamDescription | undefined> {
  const command = new DescribeDeliveryStreamCommand({ DeliveryStreamName: name });
  const answer = firehose.send(command, signal ? { abortSignal: signal } : {});
  return (await undefinedWhen(['ResourceNotFoundException'], answer))?.DeliveryStreamDescription;
}
