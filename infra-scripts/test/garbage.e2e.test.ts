import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { lakeKeys, lakeRows } from './support/lake.js';
import { type Sandbox, sandbox } from './support/millrace.js';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.remove());

const good = (seq: number) => JSON.stringify({ event_id: `good-${seq}`, page: 'books', event: 'clicked_review', seq });

/** Records that nobody can partition, put straight into the stream. The embedded Kinesis takes each of them. */
const garbage: Record<string, Buffer> = {
  'no JSON': Buffer.from('<xml/>'),
  empty: Buffer.alloc(0),
  'white space': Buffer.from(' \n\n\t'),
  'almost 1 MiB of text': Buffer.alloc(1_000_000, 'x'),
  'an array': Buffer.from(`[${good(900)}]`),
  null: Buffer.from('null'),
  'a quote that never ends': Buffer.from('{"page":"books","event":"\\"nested\\\\'),
  'invalid UTF-8': Buffer.from([0xff, 0xfe, 0x7b, 0x80, 0x7d]),
  '501 values': Buffer.from(Array.from({ length: 501 }, (_, i) => good(10_000 + i)).join('\n')),
  'deep brackets': Buffer.alloc(200_000, '['),
  'keys that are objects': Buffer.from('{"page":{"a":1},"event":["b"]}'),
  'keys that climb': Buffer.from('{"page":"../..","event":".."}'),
  'a key of 5,000 letters': Buffer.from(JSON.stringify({ page: 'p'.repeat(5_000), event: 'e' })),
};

test('what cannot be partitioned lands under errors/ unchanged and with its reason, and holds up nothing behind it', async () => {
  const url = (await box.serve(['aws', '--port', '0', '--shards', '1'], ['aws'])).url('aws');
  const kinesis = new KinesisClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: new NodeHttpHandler(),
  });
  const put = async (Data: Buffer) => {
    // The shard's limit of 1 MiB a second is real.
    await eventually('the shard to take it', async () => {
      const { FailedRecordCount } = await kinesis.send(
        new PutRecordsCommand({ StreamName: 'clickstream', Records: [{ PartitionKey: 'p', Data }] }),
      );
      return FailedRecordCount === 0;
    });
  };
  let seq = 0;
  for (const Data of Object.values(garbage)) {
    await put(Data);
    await put(Buffer.from(good(seq++)));
  }
  kinesis.destroy();
  await eventually('the good ones between them', () => lakeRows(box.state).length >= seq);
  expect(lakeRows(box.state).map(({ event_id }) => event_id)).toEqual(
    Array.from({ length: seq }, (_, i) => `good-${i}`),
  );
  const errors = await eventually('every bad one', () => {
    const lines = lakeKeys(box.state)
      .filter((key) => key.startsWith('errors/'))
      .flatMap((key) =>
        readFileSync(join(box.state, 's3/millrace-lake', key), 'utf8')
          .split('\n')
          .filter(Boolean),
      );
    return lines.length >= Object.keys(garbage).length ? lines.map((line) => JSON.parse(line)) : undefined;
  });
  expect(errors).toHaveLength(Object.keys(garbage).length);
  for (const [what, data] of Object.entries(garbage)) {
    const found = errors.find(({ rawData }) => rawData === data.toString('base64'));
    expect({ what, reason: typeof found?.errorMessage }).toEqual({ what, reason: 'string' });
    expect(found.errorMessage).not.toBe('');
  }
  const audit = await box.run(['audit', '--json']);
  expect({ code: audit.code, stderr: audit.stderr }).toEqual({ code: 0, stderr: '' });
}, 200_000);
