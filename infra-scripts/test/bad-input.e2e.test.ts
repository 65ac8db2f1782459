import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { lakeRows } from './support/lake.js';
import { type Sandbox, sandbox } from './support/millrace.js';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.remove());

interface Answer {
  accepted?: number;
  rejected?: unknown[];
  error?: { code: string; message: string };
}

async function post(ingest: string, body: string, query = 'key=demo', type = 'text/plain') {
  const response = await fetch(`${ingest}/v1/events?${query}`, {
    method: 'POST',
    body,
    headers: { 'content-type': type },
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

describe('bad input gets a clear error that names the thing, the place and what to do; nothing is lost', () => {
  describe('by servers that run', () => {
    let shared: Sandbox;
    let ingest: string;
    beforeAll(async () => {
      shared = sandbox();
      await shared.serve(['aws', '--port', '0'], ['aws']);
      ingest = (await shared.serve(['ingest', '--port', '0'], ['ingest'])).url('ingest');
    });
    afterAll(() => shared.remove());

    test('malformed lines and misfits are quarantined in the lake, as they were sent, beside the good ones', async () => {
      const misfit = someEvent({ event_id: '01938d2e-7c1a-7000-8000-0123456789ac', item_quantity: -1 });
      const stranger = someEvent({ event_id: '01938d2e-7c1a-7000-8000-0123456789ad', page: 'garden', seq: 1 });
      const answer = await post(
        ingest,
        ['{"torn', JSON.stringify(someEvent()), JSON.stringify(misfit), JSON.stringify(stranger)].join('\n'),
      );
      expect(answer.status).toBe(200);
      expect(answer.body.accepted).toBe(2);
      expect(answer.body.rejected).toMatchObject([
        { index: 0, code: 'invalid_json' },
        { index: 2, code: 'invalid_event', path: '/item_quantity', event_id: misfit.event_id },
      ]);
      const rows = await eventually('four rows in the lake', () => {
        const found = lakeRows(shared.state);
        return found.length >= 4 ? found : undefined;
      });
      expect(rows).toHaveLength(4);
      expect(rows).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ page: '_quarantine', event: '_invalid_json', raw: '{"torn' }),
          expect.objectContaining({ page: '_quarantine', event: '_invalid_event', raw: JSON.stringify(misfit) }),
          expect.objectContaining({ page: 'books', event: 'clicked_review', event_id: someEvent().event_id }),
          expect.objectContaining({ page: '_other', page_as_sent: 'garden', event: 'clicked_review' }),
        ]),
      );
      const { stdout } = await shared.run(['query', 'select code, raw from quarantine order by code', '--json']);
      expect(stdout.trim().split('\n')).toHaveLength(2);
    });

    test('a body of 3 MB, a wrong key and an unknown type are refused with what to do', async () => {
      const large = await post(ingest, 'x'.repeat(3_000_000));
      expect(large).toMatchObject({ status: 413, body: { error: { code: 'too_large' } } });
      expect(large.body.error?.message).toMatch(/1,?048,?576|1 MiB/);
      expect(await post(ingest, '{}', 'key=guess')).toMatchObject({
        status: 401,
        body: { error: { code: 'wrong_key' } },
      });
      expect(await post(ingest, '{}', '')).toMatchObject({ status: 401, body: { error: { code: 'missing_key' } } });
      expect(await post(ingest, '<a/>', 'key=demo', 'application/xml')).toMatchObject({
        status: 415,
        body: { error: { code: 'unsupported_type' } },
      });
    });

    test('generate into a stream that does not exist names the stream and what to do', async () => {
      const { code, stderr } = await shared.run(['generate', 'nowhere', '1', '0', '--count', '1']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/nowhere/);
    });
  });

  test('events for a stream that does not exist are acknowledged from the spool, said loudly, and delivered once it exists', async () => {
    const aws = await box.serve(['aws', '--port', '0', '--no-pipeline'], ['aws']);
    const served = await box.serve(['ingest', '--port', '0'], ['ingest']);
    expect(await post(served.url('ingest'), JSON.stringify(someEvent()))).toMatchObject({
      status: 200,
      body: { accepted: 1 },
    });
    await eventually(
      'the log to name the stream',
      () => /clickstream/.test(served.output()) && /spool/i.test(served.output()),
    );
    await aws.end('SIGTERM');
    await box.serve(['aws', '--port', new URL(aws.url('aws')).port], ['aws']);
    const rows = await eventually('the event in the lake', () => {
      const found = lakeRows(box.state);
      return found.length > 0 ? found : undefined;
    });
    expect(rows).toMatchObject([{ event_id: someEvent().event_id }]);
  });

  test('a port that is taken is named, with the option that changes it', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const free = ['--aws-port', '0', '--ingest-port', '0', '--port', '0'];
      for (const option of ['--aws-port', '--ingest-port', '--port']) {
        const args = [...free];
        args[args.indexOf(option) + 1] = String(port);
        const { code, stderr } = await box.run(['dev', '--no-traffic', ...args]);
        expect({ option, code, stderr }).toEqual({
          option,
          code: 1,
          stderr: expect.stringMatching(new RegExp(`port ${port}, for the .* is taken .*${option} PORT`)),
        });
      }
    } finally {
      other.close();
    }
  });

  test('a damaged state folder is refused with the name of the file and what to do', async () => {
    writeFileSync(join(box.state, 'state.json'), '{"torn');
    const { code, stderr } = await box.run(['aws', '--port', '0']);
    expect(code).toBe(1);
    expect(stderr).toContain(join(box.state, 'state.json'));
    expect(stderr).toMatch(/move .* away/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('a state folder of a later release is refused, not overwritten', async () => {
    writeFileSync(join(box.state, 'state.json'), '{"millrace_state_version":99}');
    const { code, stderr } = await box.run(['aws', '--port', '0']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('version 99') });
  });

  test('another number of shards than the stream has is refused by name, and nothing is changed', async () => {
    const first = await box.serve(['aws', '--port', '0', '--shards', '2'], ['aws'], { AWS_REGION: 'eu-west-1' });
    expect(await first.end('SIGTERM')).toBe(0);
    const { code, stderr } = await box.run(['aws', '--port', '0', '--shards', '3']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/stream clickstream exists and is not as defined/),
    });
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('damaged parts of the state folder are each refused with their name', async () => {
    mkdirSync(join(box.state, 'kinesis'));
    writeFileSync(join(box.state, 'kinesis', 'CURRENT'), 'nonsense\n');
    const { code, stderr } = await box.run(['aws', '--port', '0']);
    expect(code).toBe(1);
    expect(stderr).toContain(join(box.state, 'kinesis'));
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
