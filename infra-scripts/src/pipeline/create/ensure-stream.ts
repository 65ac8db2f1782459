import { CreateStreamCommand, type StreamDescriptionSummary } from '@aws-sdk/client-kinesis';
import { streamArn } from '../arns.js';
import type { Pipeline } from '../definition.js';
import { describeStream } from '../describe.js';
import { differences } from '../differences.js';
import { until } from '../wait.js';
import { type Context, call } from './context.js';
import { createOnce } from './create-once.js';
import { createError, differsError } from './errors.js';

/** Creates the stream unless it exists as defined; returns when it is ACTIVE. */
export async function ensureStream(context: Context): Promise<void> {
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
