import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { needs } from '@millrace/testing/needs';
import { mountSmallDisk, type SmallDisk } from '@millrace/testing/small-disk';
import { lakeKeys, lakeRows } from './support/lake.js';
import { type Sandbox, sandbox } from './support/millrace.js';

let box: Sandbox;
let disk: SmallDisk | undefined;
beforeEach(() => {
  box = sandbox();
});
afterEach(async () => {
  disk?.unmount();
  await box.remove();
});

const event = (seq: number) => someEvent({ seq });
const ids = (rows: Record<string, unknown>[]) => rows.map((row) => row.event_id).sort();

const post = (ingest: string, ...events: object[]) =>
  fetch(`${ingest}/v1/events?key=demo`, {
    method: 'POST',
    body: events.map((each) => JSON.stringify(each)).join('\n'),
    headers: { 'content-type': 'text/plain' },
  });

needs('mount').describe('a full disk loses nothing', () => {
  test("on the spool's side: refused with 503 and Retry-After, and what was acknowledged before arrives", async () => {
    const spool = join(box.state, 'spool');
    disk = mountSmallDisk(spool, 2);
    const nobody = {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    const alone = await box.serve(['ingest', '--port', '0'], ['ingest'], nobody);
    const url = alone.url('ingest');
    expect((await post(url, event(0), event(1))).status).toBe(200);
    disk!.fill();
    // More than the rest of the block that the spool's file already has.
    const many = [...Array(100)].map((_, index) => event(2 + index));
    const refused = await post(url, ...many);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: { code: 'unavailable' } });
    disk!.free();
    await eventually('room to be seen', async () => (await post(url, ...many)).status === 200);
    expect(await alone.end('SIGTERM')).toBe(0);

    await box.serve(['aws', '--port', '0'], ['aws']);
    await box.serve(['ingest', '--port', '0'], ['ingest']);
    const all = [event(0), event(1), ...many];
    await eventually('all rows', () => lakeRows(box.state).length >= all.length);
    expect(ids(lakeRows(box.state))).toEqual(ids(all));
  });

  test("on the lake's side: events are acknowledged, wait in the stream, and are delivered once there is room", async () => {
    disk = mountSmallDisk(join(box.state, 's3'), 2);
    const aws = await box.serve(['aws', '--port', '0'], ['aws']);
    const url = (await box.serve(['ingest', '--port', '0'], ['ingest'])).url('ingest');
    disk!.fill();
    expect((await post(url, event(0), event(1))).status).toBe(200);
    await eventually('the log to say that S3 does not take it', () => /clickstream-to-s3.*S3/.test(aws.output()));
    expect(lakeKeys(box.state).filter((key) => key.startsWith('page='))).toEqual([]);
    disk!.free();
    await eventually('two rows', () => lakeRows(box.state).length >= 2);
    expect(ids(lakeRows(box.state))).toEqual(ids([event(0), event(1)]));
  });
});
