import { expect, test } from '@jest/globals';
import { startCollectorStub } from '@millrace/testing/generator-collector-stub';
import { runReadmeExample } from '@millrace/testing/readme-example';

test('the README makes events alone, the same ones each time', async () => {
  const [first, second] = await Promise.all([runReadmeExample('generator', 0), runReadmeExample('generator', 0)]);
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out.split('\n')).toHaveLength(6);
  expect(first.out).toMatch(/^2026-11-23T00:00:\S+ page_view \w+ /);
  expect(second.out).toBe(first.out);
});

test('the README sends events to an ingest server', async () => {
  const stub = await startCollectorStub();
  try {
    expect(await runReadmeExample('generator', 1, [stub.url])).toEqual({
      code: 0,
      out: '1000 acknowledged 0 refused\n',
      err: '',
    });
    expect(stub.kept).toHaveLength(1_000);
  } finally {
    await stub.close();
  }
});
