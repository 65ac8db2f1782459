import type { Context } from './create/context.js';
import { ensureBucket } from './create/ensure-bucket.js';
import { ensureDeliveryStream } from './create/ensure-delivery-stream.js';
import { ensureStream } from './create/ensure-stream.js';
import type { Pipeline } from './definition.js';
import type { PipelineClients } from './describe.js';

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
