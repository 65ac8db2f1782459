import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { event, lines } from '@millrace/testing/lake-fixture';
import { run } from '../src/cli/main.js';
import { leaveSpool } from './support/left-spool.js';
import { type Sandbox, sandbox } from './support/millrace.js';

/** As on the laptop of somebody who works with AWS. */
const company = { AWS_ACCESS_KEY_ID: 'AKIACOMPANY', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' };

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.remove());

const sent = (seq: number) => {
  const { received_at: _, occurred_at: __, ...rest } = event({ seq });
  return rest;
};

async function post(url: string, seq: number): Promise<number> {
  const body = JSON.stringify(sent(seq));
  return (await fetch(`${url}/v1/events?key=demo`, { method: 'POST', body })).status;
}

const inLake = async () => {
  const { stdout } = await box.run(['ls', '--json']);
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { page: string; events: number })
    .filter(({ page }) => !page.startsWith('_'))
    .reduce((sum, { events }) => sum + events, 0);
};

describe('the parts find each other in any order', () => {
  test('the ingest server first, then the embedded AWS, which dies and comes back at another port: all is delivered, and nothing goes to AWS itself', async () => {
    const ingest = await box.serve(['ingest', '--port', '0'], ['ingest'], company);
    const url = ingest.url('ingest');
    expect(await post(url, 0)).toBe(200);
    const ready = async () => (await (await fetch(`${url}/readyz`)).json()) as { kinesis: string; note?: string };
    expect(await ready()).toMatchObject({ kinesis: 'down', note: expect.stringMatching(/NoEndpoint.*millrace aws/) });
    expect(ingest.output()).toContain('waits in its spool until an AWS is there');

    const aws = ['aws', '--port', '0', '--shards', '1', '--time-scale', '600'];
    const first = await box.serve(aws, ['aws']);
    await eventually('the stream to take events', async () => (await ready()).kinesis === 'up');
    expect(await post(url, 1)).toBe(200);
    await first.end('SIGKILL');
    expect(await post(url, 2)).toBe(200);
    const second = await box.serve(aws, ['aws']);
    expect(second.url('aws')).not.toBe(first.url('aws'));
    await eventually('three events in the lake', async () => (await inLake()) === 3);
    expect(await ingest.end('SIGTERM')).toBe(0);
    expect(await second.end('SIGTERM')).toBe(0);
  });

  test('the store before the ingest server: it runs, and says where its pages will look', async () => {
    const store = await box.serve(['store', '--port', '0'], ['store']);
    expect(await (await fetch(store.url('store'))).text()).toContain('http://127.0.0.1:8080/millrace.js');
    expect(store.output()).toContain('pages look for it at http://127.0.0.1:8080');
  });
});

describe('a command that puts into a stream, with the credentials of a company and no embedded AWS', () => {
  const before = { ...process.env };
  beforeEach(() => {
    Object.assign(process.env, company, { MILLRACE_STATE: box.state });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    for (const name of [...Object.keys(company), 'MILLRACE_STATE']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  const commands = {
    generate: async () => ['generate', 'clickstream', '--count', '1'],
    replay: async () => {
      const file = join(box.state, 'recorded.jsonl');
      writeFileSync(file, lines(sent(0)));
      return ['replay', file, '--stream', 'clickstream'];
    },
    redrive: async () => ['redrive', 'errors'],
    'spool drain': async () => {
      await leaveSpool(join(box.state, 'spool'), [[sent(0)]]);
      return ['spool', 'drain', join(box.state, 'spool')];
    },
  };

  test.each(Object.entries(commands))('%s refuses at once, and says how AWS itself is meant', async (_, args) => {
    const said = jest.spyOn(console, 'error').mockReturnValue();
    const code = await run(await args());
    process.exitCode = undefined;
    expect(code).toBe(2);
    expect(said.mock.calls.join()).toMatch(/no embedded AWS runs on .*millrace aws`.*--region REGION means AWS itself/);
  });
});
