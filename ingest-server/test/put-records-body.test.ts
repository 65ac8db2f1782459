import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { putRecordsBody } from '../src/sinks/put-records-body.js';

test('the body of a PutRecords call is the JSON that the AWS client would write', () => {
  const record = fc.record({
    partitionKey: fc.nat().map((lane) => `lane-${lane}`),
    hashKey: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String),
    data: fc.uint8Array({ maxLength: 3_000 }),
    events: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 5 }), (records) => {
      const expected = {
        StreamName: 'a_stream.1-x',
        Records: records.map(({ data, hashKey, partitionKey }) => ({
          Data: Buffer.from(data).toString('base64'),
          ExplicitHashKey: hashKey,
          PartitionKey: partitionKey,
        })),
      };
      expect(putRecordsBody('a_stream.1-x', records).toString()).toBe(JSON.stringify(expected));
    }),
  );
});
