import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PackedRecord } from '../src/core/delivery/sink.js';
import { createPutRecordsBodies } from '../src/sinks/put-records-body.js';

const record = fc
  .record({
    partitionKey: fc.nat().map((lane) => `lane-${lane}`),
    hashKey: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String),
    chunks: fc.array(
      fc.uint8Array({ maxLength: 3_000, size: 'max' }).map((bytes) => Buffer.from(bytes)),
      { maxLength: 5 },
    ),
    events: fc.nat(),
  })
  .map((made) => ({ ...made, bytes: Buffer.concat(made.chunks).length }));

const asTheClientWould = (records: readonly PackedRecord[]) =>
  JSON.stringify({
    StreamName: 'a_stream.1-x',
    Records: records.map(({ chunks, hashKey, partitionKey }) => ({
      Data: Buffer.concat(chunks).toString('base64'),
      ExplicitHashKey: hashKey,
      PartitionKey: partitionKey,
    })),
  });

test('the body of a PutRecords call is the JSON that the AWS client would write, also in memory that another body had', () => {
  const bodies = createPutRecordsBodies('a_stream.1-x');
  fc.assert(
    fc.property(fc.array(record, { maxLength: 5 }), (records) => {
      const body = bodies.write(records);
      expect(body.toString()).toBe(asTheClientWould(records));
      bodies.release(body);
    }),
  );
});

test('a body that is still being sent is not written over', () => {
  const bodies = createPutRecordsBodies('s');
  const [one] = fc.sample(record, 1);
  const first = bodies.write([one!]);
  const text = first.toString();
  bodies.write([one!, one!]);
  expect(first.toString()).toBe(text);
});
