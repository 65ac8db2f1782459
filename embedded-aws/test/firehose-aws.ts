/** The embedded AWS as a process of its own, for tests that use it through the real clients and kill it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { expect } from '@jest/globals';
import { program } from '@millrace/testing/program';
import { NodeHttpHandler } from '@smithy/node-http-handler';

export async function startAws(folder: string, timeScale = 60) {
  const file = await program('embedded-aws/dist/test/firehose-aws-process.js');
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', file, folder, String(timeScale)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  let said = '';
  child.stderr!.on('data', (text) => {
    said += text;
  });
  const exited = once(child, 'exit');
  const url = await Promise.race([
    once(createInterface(child.stdout!), 'line').then(([line]) => line as string),
    exited.then(() => Promise.reject(new Error(`The embedded AWS ended:\n${said}`))),
  ]);
  const config = {
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true }) }),
  };
  const clients = {
    kinesis: new KinesisClient(config),
    firehose: new FirehoseClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
  };
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    await exited;
    for (const client of Object.values(clients)) client.destroy();
  };
  return { ...clients, url, said: () => said, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}
export type Aws = Awaited<ReturnType<typeof startAws>>;

export interface Delivered {
  key: string;
  lines: string[];
}

/** Every object of the bucket, in the order of the keys. Each must be whole: gunzip and JSON.parse see to that. */
export async function readBucket({ s3 }: Aws, Bucket = 'lake'): Promise<Delivered[]> {
  const objects: Delivered[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken }));
    for (const { Key } of page.Contents ?? []) {
      const { Body, ContentEncoding, ContentType } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const bytes = Buffer.from(await Body!.transformToByteArray());
      expect(ContentType).toBe('application/octet-stream');
      objects.push({
        key: Key!,
        lines: (ContentEncoding === 'gzip' ? gunzipSync(bytes) : bytes).toString().split('\n').slice(0, -1),
      });
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
  return objects;
}
