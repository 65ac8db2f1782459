import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { awsTarget } from '../src/targets/aws-target.js';
import { lakeKeys, lakeRows } from './support/lake.js';
import { type Sandbox, sandbox } from './support/millrace.js';

let box: Sandbox;
beforeAll(async () => {
  box = sandbox();
  await box.serve(['aws', '--port', '0'], ['aws']);
});
afterAll(() => box.remove());

/** How many records Firehose has put among the errors; these objects are not compressed. */
const errorLines = () =>
  lakeKeys(box.state)
    .filter((key) => key.startsWith('errors/'))
    .map(
      (key) =>
        readFileSync(join(box.state, 's3/millrace-lake', key), 'utf8')
          .trim()
          .split('\n').length,
    )
    .reduce((sum, lines) => sum + lines, 0);

const rowsOf = async (sql: string) => {
  const { stdout } = await box.run(['query', sql, '--json']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('millrace redrive', () => {
  test('what was rejected goes in once it is repaired, and never twice, however often it is asked for', async () => {
    const url = (await box.serve(['ingest', '--port', '0'], ['ingest'])).url('ingest');
    const rejected = [1, 2, 3].map((seq) => JSON.stringify(someEvent({ seq, item_quantity: `${seq}` })));
    const body = [...rejected, '{"torn'].join('\n');
    await fetch(`${url}/v1/events?key=demo`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body });
    await eventually('four rows in quarantine', () => lakeRows(box.state, 'page=_quarantine').length >= 4);

    const asIs = await box.run(['redrive', 'quarantine', '--json']);
    expect(asIs.code).toBe(1);
    expect(JSON.parse(asIs.stdout)).toMatchObject({ acknowledged: 0, still: 4 });

    const repair = ['redrive', 'quarantine', '--code', 'invalid_event', '--jq', '.item_quantity |= tonumber', '--json'];
    const dry = await box.run([...repair, '--dry-run']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ to_send: 3 });
    const first = await box.run(repair);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toMatchObject({ acknowledged: 3, still: 0 });
    // At once: the lake cannot have them yet, the journal knows.
    const second = await box.run(repair);
    expect(JSON.parse(second.stdout)).toMatchObject({ acknowledged: 0 });
    const rows = await eventually('three events in the lake', () => {
      const found = lakeRows(box.state).filter(({ page }) => page === 'books');
      return found.length >= 3 ? found : undefined;
    });
    expect(rows.map(({ item_quantity }) => item_quantity).sort()).toEqual([1, 2, 3]);
    // Without the journal: the lake itself knows.
    const third = await box.run([...repair, '--journal', join(box.state, 'another.txt')]);
    expect(JSON.parse(third.stdout)).toMatchObject({ acknowledged: 0, delivered: 3 });
    expect(lakeRows(box.state).filter(({ page }) => page === 'books')).toHaveLength(3);
  }, 240_000);

  test('what Firehose could not deliver goes in with a page that jq gives it, once', async () => {
    const client = new KinesisClient({ ...awsTarget({ state: box.state }).clientConfig });
    const lost = [11, 12].map((seq) => ({ ...someEvent({ seq }), page: undefined }));
    for (const event of [...lost, { nothing: true }]) {
      await client.send(
        new PutRecordCommand({
          StreamName: 'clickstream',
          PartitionKey: 'k',
          Data: Buffer.from(JSON.stringify(event)),
        }),
      );
    }
    client.destroy();
    await eventually('three records among the errors', () => errorLines() >= 3);
    expect(await rowsOf('select raw from errors')).toHaveLength(3);

    const args = ['redrive', 'errors', '--jq', '.page //= "home"', '--json'];
    const first = await box.run(args);
    expect(first.code).toBe(3);
    expect(JSON.parse(first.stdout)).toMatchObject({
      acknowledged: 2,
      still: 1,
      reasons: [{ reason: '/event: nothing is not a valid partition name' }],
    });
    await eventually('both in the lake', () => lakeRows(box.state, 'page=home/').length >= 2);
    writeFileSync(join(box.state, 'redriven.txt'), '');
    expect(JSON.parse((await box.run(args)).stdout)).toMatchObject({ acknowledged: 0, delivered: 2, still: 1 });
    expect(lakeRows(box.state, 'page=home/')).toHaveLength(2);
  }, 240_000);

  test.each([
    [['redrive', 'everything'], /invalid "everything": give quarantine or errors/],
    [['redrive', 'errors', '--since', 'yesterday'], /--since: invalid time/],
    [['redrive', 'quarantine', '--to', 'http://127.0.0.1:1', '--jq', '.a['], /--jq: /],
    [['redrive', 'errors', '--to', 'http://127.0.0.1:1'], /--to is for the quarantine/],
  ])('%j is called wrongly', async (args, message) => {
    const { code, stderr } = await box.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
