import { expect, test } from '@jest/globals';
import { runReadmeExample } from '@millrace/testing/readme-example';

test('the example of the README works alone, and prints what its comments say', async () => {
  const { code, out, err } = await runReadmeExample('lake', 0);
  expect(err).toBe('');
  expect(out).toBe("[ [ 'books', 'liked_item', '2026-11-23T08:00:00.000Z', 1 ] ]\n1 [ { first: 0, last: 0 } ]\n");
  expect(code).toBe(0);
});
