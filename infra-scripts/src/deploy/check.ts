import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { uuidV7 } from '@millrace/kit/uuid';
import { definePipeline } from '../pipeline/definition.js';
import { until } from '../pipeline/wait.js';
import type { Deployed } from './deployed-stack.js';
import { deployError, type Output } from './output.js';

/** Where the event goes in, and where it should come out. */
export interface CheckOptions {
  s3: S3Client;
  collectorUrl: string;
  writeKey: string;
  lake: string;
  /** Firehose writes after this, and half as much again. */
  bufferIntervalSeconds: number;
  format: 'json' | 'parquet';
  output: Output;
  signal?: AbortSignal | undefined;
}

/** What the check of a deployed stack asks, and where. */
export function checkOf({ outputs, writeKeys, deployment }: Deployed) {
  const { bufferIntervalSeconds, format } = definePipeline(deployment.settings).settings;
  return {
    collectorUrl: outputs.CollectorUrl!,
    writeKey: writeKeys[0]!,
    lake: outputs.LakeBucketName!,
    bufferIntervalSeconds,
    format,
  };
}

/** The partition that every catalogue has. */
const page = 'cart';
const event = 'page_view';

/**
 * Sends one event as a page would, and waits until it lies in the lake. Its `sdk` names the check.
 * @throws MillraceError `DEPLOY_FAILED` saying how far it came
 */
export async function checkEndToEnd(options: CheckOptions): Promise<void> {
  const { collectorUrl, writeKey, lake, output, signal } = options;
  const now = new Date();
  const id = uuidV7(now.getTime());
  const body = JSON.stringify({
    event_id: id,
    event,
    page,
    event_time: now.toISOString(),
    visitor_id: `check-${id}`,
    session_id: `check-${id}`,
    stream_id: id,
    seq: 0,
    os: 'linux',
    device: 'desktop',
    sdk: 'millrace-check/1.0.0',
  });
  await post(`${collectorUrl}/v1/events?key=${encodeURIComponent(writeKey)}`, body, signal);
  output.line(`one event: acknowledged by ${collectorUrl}`);
  const patienceMs = options.bufferIntervalSeconds * 1_500 + 120_000;
  const key = await until(() => objectWith(options, id, now), {
    what: `the event ${id} to lie in ${lake}`,
    timeoutMs: patienceMs,
    signal,
  }).catch((error: Error) => {
    throw deployError(`${error.message}. millrace logs --delivery shows what Firehose does; docs/runbook.md, 4 and 5`);
  });
  output.line(`the same event: in s3://${lake}/${key}`);
}

async function post(url: string, body: string, signal: AbortSignal | undefined): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    const advice =
      cause === 'ENOTFOUND'
        ? 'Point the domain at the load balancer (CNAME, see millrace status), then run millrace up again'
        : 'docs/runbook.md, 10';
    throw deployError(`the collector at ${new URL(url).origin} cannot be reached (${cause}). ${advice}`);
  }
  const text = await answer.text();
  if (answer.status !== 200 || !/"accepted":1\b/.test(text)) {
    throw deployError(`the collector did not take an event: ${answer.status} ${text.slice(0, 300)}`);
  }
}

async function objectWith({ s3, lake, format }: CheckOptions, id: string, since: Date): Promise<string | undefined> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: lake, Prefix: `page=${page}/event=${event}/` }),
  );
  // Clocks differ; an object from before cannot hold the id anyway.
  const fresh = Contents.filter(({ LastModified }) => LastModified!.getTime() > since.getTime() - 300_000);
  for (const { Key } of fresh) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: lake, Key: Key! }));
    const bytes = Buffer.from(await Body!.transformToByteArray());
    const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString('utf8') : bytes.toString('latin1');
    // Parquet keeps a short text of a small object as it is.
    if (text.includes(id) || format === 'parquet') return Key;
  }
  return undefined;
}
