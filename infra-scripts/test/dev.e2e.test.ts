import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { someEvent } from '@millrace/testing/event';
import { createPipeline } from '../src/pipeline/create.js';
import { definePipeline } from '../src/pipeline/definition.js';
import { type AwsClients, awsClients, destroyClients } from '../src/targets/aws-clients.js';
import { awsTarget } from '../src/targets/aws-target.js';
import { type Sandbox, type Served, sandbox } from './support/millrace.js';

describe('what millrace dev runs is what is defined and published', () => {
  let box: Sandbox;
  let served: Served;
  let clients: Pick<AwsClients, 'kinesis' | 'firehose' | 's3'>;

  beforeAll(async () => {
    box = sandbox(undefined, 'installed');
    const ports = ['--port', '0', '--ingest-port', '0', '--aws-port', '0'];
    served = await box.serve(['dev', '--no-traffic', ...ports], ['aws', 'ingest', 'store']);
    clients = await awsClients(awsTarget({ endpointUrl: served.url('aws') }).clientConfig, [
      'kinesis',
      'firehose',
      's3',
    ]);
  });
  afterAll(async () => {
    destroyClients(clients);
    await box.remove();
  });

  test('the pipeline is the one definition, as the embedded AWS describes it: nothing to create, nothing that differs', async () => {
    const said: string[] = [];
    await createPipeline(definePipeline(), clients, { onProgress: (line) => said.push(line) });
    expect(said.sort()).toEqual([
      'bucket millrace-lake: exists',
      'delivery stream clickstream-to-s3: exists',
      'stream clickstream: exists',
    ]);
    // The comparison sees a difference; and the interval that is described is that of AWS, not the scaled one.
    await expect(createPipeline(definePipeline({ bufferIntervalSeconds: 61 }), clients)).rejects.toThrow(
      /clickstream-to-s3 exists and is not as defined: .*IntervalInSeconds.*60.*61/,
    );
  });

  test('/millrace.js and its version are served with the hash that is published for them', async () => {
    const published = createRequire(import.meta.url).resolve('@millrace/sdk/millrace.json');
    const { integrity, version } = JSON.parse(readFileSync(published, 'utf8')) as Record<string, string>;
    for (const path of ['/millrace.js', `/millrace-${version}.js`]) {
      const response = await fetch(served.url('ingest') + path);
      const hash = createHash('sha384').update(Buffer.from(await response.arrayBuffer()));
      expect(`sha384-${hash.digest('base64')}`).toBe(integrity);
    }
  });

  test('the write key is demo, and no other', async () => {
    const status = async (key: string) => {
      const body = JSON.stringify(someEvent());
      return (await fetch(`${served.url('ingest')}/v1/events?key=${key}`, { method: 'POST', body })).status;
    };
    expect([await status('demo'), await status('other')]).toEqual([200, 401]);
  });

  test('shard limits are never scaled: a shard that gets ten calls of 500 records at once refuses most', async () => {
    const Records = Array.from({ length: 500 }, (_, seq) => ({
      PartitionKey: 'v1',
      Data: Buffer.from(JSON.stringify(someEvent({ seq }))),
    }));
    const put = () => clients.kinesis.send(new PutRecordsCommand({ StreamName: 'clickstream', Records }));
    const answers = await Promise.all(Array.from({ length: 10 }, put));
    expect(answers.reduce((sum, { FailedRecordCount }) => sum + (FailedRecordCount ?? 0), 0)).toBeGreaterThan(0);
  });
});
