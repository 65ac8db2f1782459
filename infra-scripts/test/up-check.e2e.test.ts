import { once } from 'node:events';
import { createServer } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkEndToEnd } from '../src/deploy/check.js';
import { awsTarget } from '../src/targets/aws-target.js';
import { type Sandbox, type Served, sandbox } from './support/millrace.js';

describe('the check at the end of millrace up', () => {
  let box: Sandbox;
  let s3: S3Client | undefined;
  let ingest: Served;
  beforeAll(async () => {
    box = sandbox();
    await box.serve(['aws', '--port', '0'], ['aws']);
    ingest = await box.serve(['ingest', '--port', '0'], ['ingest']);
    s3 = new S3Client({ ...awsTarget({ state: box.state }).clientConfig, forcePathStyle: true });
  }, 120_000);
  afterAll(async () => {
    s3?.destroy();
    await box.remove();
  });
  const check = (change: object = {}) => {
    const lines: string[] = [];
    const done = checkEndToEnd({
      s3: s3!,
      collectorUrl: ingest.url('ingest'),
      writeKey: 'demo',
      lake: 'millrace-lake',
      bufferIntervalSeconds: 60,
      format: 'json',
      output: { line: (text) => lines.push(text), progress: () => {}, confirm: async () => true },
      ...change,
    });
    return { done, lines };
  };

  test('sends one event as a page would, and finds that one in an object of the lake', async () => {
    const { done, lines } = check();
    await done;
    expect(lines[0]).toMatch(/^one event: acknowledged by http:/);
    expect(lines[1]).toMatch(/^the same event: in s3:\/\/millrace-lake\/page=cart\/event=page_view\/.*\.gz$/);
  }, 240_000);

  test('a wrong key, and a collector that is not there, are said with what to do', async () => {
    await expect(check({ writeKey: 'guess' }).done).rejects.toThrow(/did not take an event: 401 .*wrong_key/);
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    await expect(check({ collectorUrl: `http://127.0.0.1:${port}` }).done).rejects.toThrow(
      /cannot be reached \(ECONNREFUSED\)/,
    );
  });
});
