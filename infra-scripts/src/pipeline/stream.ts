import type { CreateStreamCommandInput } from '@aws-sdk/client-kinesis';
import type { PipelineSettings } from './settings.js';

/** The Kinesis stream. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html */
export function streamInput({ stream, shards }: PipelineSettings): CreateStreamCommandInput {
  return shards === 'on-demand'
    ? { StreamName: stream, StreamModeDetails: { StreamMode: 'ON_DEMAND' } }
    : { StreamName: stream, ShardCount: shards, StreamModeDetails: { StreamMode: 'PROVISIONED' } };
}
