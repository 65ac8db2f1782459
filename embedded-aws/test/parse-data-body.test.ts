import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDataBody } from '../src/json-service/parse-data-body.js';
import { parseJsonBody } from '../src/json-service/read-request.js';

const result = (parse: (body: Buffer) => object, body: Buffer) => {
  try {
    return parse(body);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};
const expectSame = (text: string) => {
  const body = Buffer.from(text);
  expect(result(parseDataBody, body)).toEqual(result(parseJsonBody, body));
};

describe('a body that is nearly all Data', () => {
  const data = fc.oneof(
    fc.base64String({ maxLength: 40 }),
    fc.constantFrom('', 'x'.repeat(5_000), 'é'.repeat(2_000), `${'y'.repeat(2_000)}"`, `${'z'.repeat(2_000)}\\`, '\0'),
  );
  const entry = fc.record(
    { Data: data, PartitionKey: fc.string({ unit: 'grapheme', maxLength: 20 }) },
    { requiredKeys: [] },
  );
  const request = fc.oneof(
    fc.record({
      Records: fc.array(fc.oneof({ weight: 5, arbitrary: entry }, fc.jsonValue()), { maxLength: 5 }),
      StreamName: fc.string(),
    }),
    entry,
    fc.jsonValue(),
  );

  test('is parsed as JSON.parse parses it', () => {
    fc.assert(
      fc.property(request, fc.constantFrom(undefined, 1), (value, space) =>
        expectSame(JSON.stringify(value, null, space)),
      ),
      { numRuns: 300 },
    );
  });

  test('is refused wherever it is cut off or spoilt, as JSON.parse refuses it', () => {
    const text = JSON.stringify({
      StreamName: 's',
      Records: [
        { Data: 'A'.repeat(1_100), PartitionKey: 'k' },
        { Data: '', PartitionKey: 'é' },
      ],
    });
    for (let at = 0; at < text.length; at += at > 40 && at < 1_100 ? 97 : 1) {
      expectSame(text.slice(0, at));
      for (const wrong of ['"', '}', ',', 'x', '\\']) expectSame(text.slice(0, at) + wrong + text.slice(at + 1));
    }
  });
});
