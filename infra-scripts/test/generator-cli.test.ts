import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkEvent, type MillraceEvent } from '@millrace/sdk/schema';
import { type CollectorStub, startCollectorStub, type Treatment } from '@millrace/testing/generator-collector-stub';
import { type KinesisStub, type PutTreatment, startKinesisStub } from '@millrace/testing/generator-kinesis-stub';
import { callHere, runCommand, startCommand } from './generator-command.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-generate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function withKinesis<T>(
  treat: (number: number) => PutTreatment | Promise<PutTreatment>,
  act: (stub: KinesisStub, endpoint: string[]) => Promise<T>,
): Promise<T> {
  const stub = await startKinesisStub(treat);
  try {
    return await act(stub, ['--endpoint-url', stub.url]);
  } finally {
    await stub.close();
  }
}

async function withCollector<T>(
  treat: ((number: number) => Treatment) | undefined,
  act: (stub: CollectorStub) => Promise<T>,
): Promise<T> {
  const stub = await startCollectorStub(treat);
  try {
    return await act(stub);
  } finally {
    await stub.close();
  }
}

const eventsOf = (lines: string): MillraceEvent[] =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('millrace generate STREAM PRINT_INTERVAL MAX_INTERVAL', () => {
  test('puts events one by one under the visitor as partition key, with a newline at the end, and prints a line for each', async () => {
    await withKinesis(
      () => 'take',
      async ({ puts }, endpoint) => {
        const { code, stdout } = await runCommand(['generate', 'clickstream', '7', '0', '--count', '25', ...endpoint]);
        expect(code).toBe(0);
        expect(puts).toHaveLength(25);
        for (const { data, partitionKey, stream } of puts) {
          expect(data.endsWith('}\n')).toBe(true);
          const { event } = checkEvent(JSON.parse(data));
          expect(partitionKey).toBe(event!.visitor_id);
          expect(stream).toBe('clickstream');
        }
        expect(stdout).toContain('Maximum interval between events: 7 s');
        expect(stdout.split('\n').filter((line) => /#\d+$/.test(line))).toHaveLength(25);
        expect(stdout).toMatch(/25 events acknowledged by stream clickstream at the embedded AWS at http/);
      },
    );
  });

  test('with --json, stdout has exactly what was put', async () => {
    await withKinesis(
      () => 'take',
      async ({ puts }, endpoint) => {
        const { stdout } = await runCommand([
          'generate',
          'clickstream',
          '1',
          '0',
          '--count',
          '5',
          '--json',
          ...endpoint,
        ]);
        expect(stdout).toBe(puts.map(({ data }) => data).join(''));
      },
    );
  });

  test('with --verbose, prints indented JSON and the answer', async () => {
    await withKinesis(
      () => 'take',
      async (_, endpoint) => {
        const { stdout } = await runCommand([
          'generate',
          'clickstream',
          '1',
          '0',
          '--count',
          '1',
          '--verbose',
          ...endpoint,
        ]);
        expect(stdout).toContain('\n  "event": "page_view",\n');
        expect(stdout).toContain('"ShardId":"shardId-000000000000"');
      },
    );
  });

  test('throttles, faults of the service and cut connections are repeated until every event is in, in order', async () => {
    const faults: PutTreatment[] = [
      { error: 'ProvisionedThroughputExceededException' },
      'reset',
      { error: 'InternalFailure', status: 500 },
    ];
    await withKinesis(
      (number) => faults[number - 2] ?? 'take',
      async ({ puts }, endpoint) => {
        const { code, stderr } = await runCommand(['generate', 'clickstream', '1', '0', '--count', '10', ...endpoint]);
        expect(code).toBe(0);
        expect(puts).toHaveLength(10);
        expect(stderr).toContain('the stream is throttled (ProvisionedThroughputExceededException');
        const seqs = new Map<string, number>();
        for (const { data } of puts) {
          const { stream_id, seq } = JSON.parse(data);
          expect(seq).toBe((seqs.get(stream_id) ?? -1) + 1);
          seqs.set(stream_id, seq);
        }
      },
    );
  });

  test('a stream that does not exist: names it, the endpoint, the streams there are, and what to do', async () => {
    await withKinesis(
      () => ({ error: 'ResourceNotFoundException' }),
      async ({ url }, endpoint) => {
        const { code, stderr } = await runCommand(['generate', 'clikstream', '1', '0', ...endpoint]);
        expect(code).toBe(1);
        expect(stderr).toContain(`stream clikstream at the embedded AWS at ${url}: the stream does not exist`);
        expect(stderr).toContain('Existing streams: clickstream.');
        expect(stderr).toContain('aws kinesis create-stream --stream-name clikstream');
      },
    );
  });

  test('an endpoint where nothing listens is tried again for a while, then is a clear failure', async () => {
    const gone = await startKinesisStub();
    await gone.close();
    const args = ['generate', 'clickstream', '1', '0', '--give-up-after', '0.3', '--endpoint-url', gone.url];
    const { code, stderr } = await runCommand(args);
    expect(code).toBe(1);
    expect(stderr).toContain(`stream clickstream at the embedded AWS at ${gone.url}: connection refused`);
    expect(stderr).toContain('retrying');
    expect(stderr).toContain('gave up after');
  });

  test('Ctrl-C lets the put in flight arrive, prints the totals and exits with 0', async () => {
    let command: Awaited<ReturnType<typeof startCommand>>;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await withKinesis(
      async (number) => {
        if (number === 2) {
          command.interrupt();
          await held;
        }
        return 'take' as const;
      },
      async ({ puts, url }) => {
        command = await startCommand(['generate', 'clickstream', '1', '0', '--endpoint-url', url]);
        await command.printed(/stopping/);
        release();
        const { code, stdout } = await command.ended;
        expect(code).toBe(0);
        expect(puts).toHaveLength(3);
        expect(stdout).toContain('3 events acknowledged');
      },
    );
  });
  test('Ctrl-C ends a pause between events at once', async () => {
    await withKinesis(
      () => 'take',
      async ({ puts }, endpoint) => {
        const waiting = await startCommand(['generate', 'clickstream', '1', '100000', ...endpoint]);
        await waiting.printed(/#0/);
        waiting.interrupt();
        const { code, stdout } = await waiting.ended;
        expect(code).toBe(0);
        expect(stdout).toContain(`${puts.length} event`);
      },
    );
  });
});

describe('millrace generate --to URL', () => {
  test('sends as many as asked, and --out lists exactly what was acknowledged', async () => {
    const faults: Treatment[] = [
      { kind: 'answer', status: 503, headers: { 'retry-after': '0' } },
      { kind: 'reset' },
      { kind: 'keepThenReset' },
      { kind: 'reject', indices: [0] },
    ];
    await withCollector(
      (number) => faults[number] ?? { kind: 'accept' },
      async ({ url, kept }) => {
        const out = join(folder, 'sent.jsonl');
        const args = [
          'generate',
          '--to',
          url,
          '--rate',
          'max',
          '--count',
          '600',
          '--batch',
          '50',
          '--json',
          '--out',
          out,
        ];
        const { code, stdout, stderr } = await runCommand(args);
        const totals = JSON.parse(stdout);
        expect(totals).toMatchObject({ made: 600, acknowledged: 599, refused: 1, unacknowledged: 0, url });
        expect(code).toBe(3);
        expect(stderr).toMatch(
          /refused: event [0-9a-f-]{36} \(\w+, stream [0-9a-f-]{36} #\d+\): invalid_event at \/page/,
        );
        const listed = eventsOf(await readFile(out, 'utf8'));
        const identity = ({ event_id, visitor_id, stream_id, seq }: MillraceEvent) =>
          `${event_id} ${visitor_id} ${stream_id} ${seq}`;
        expect(listed.map(identity).sort()).toEqual([...new Set(kept.map(identity))].sort());
      },
    );
  });

  test('everything acknowledged: exit code 0, and a summary for people', async () => {
    await withCollector(undefined, async ({ url, kept }) => {
      const { code, stdout } = await runCommand(['generate', '--to', url, '--rate', '2000', '--count', '300']);
      expect(code).toBe(0);
      expect(kept).toHaveLength(300);
      expect(stdout).toContain(`300 events acknowledged by the ingest server at ${url}`);
      expect(stdout).toContain('from event to answer: half within');
    });
  });

  test('Ctrl-C makes no more events, waits for the answers and exits with 0', async () => {
    await withCollector(undefined, async ({ url, kept, requests }) => {
      const command = await startCommand(['generate', '--to', url, '--rate', '500', '--json']);
      while (requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      command.interrupt();
      const { code, stdout } = await command.ended;
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ acknowledged: kept.length, unacknowledged: 0 });
    });
  });

  test('Ctrl-C while the server does not answer says how many events are unacknowledged and exits with 130', async () => {
    await withCollector(
      () => ({ kind: 'hang' }),
      async ({ url, requests }) => {
        const command = await startCommand(['generate', '--to', url, '--rate', '100', '--count', '10', '--json']);
        while (requests.length < 1) await new Promise((resolve) => setTimeout(resolve, 20));
        command.interrupt();
        const { code, stdout, stderr } = await command.ended;
        expect(code).toBe(130);
        expect(JSON.parse(stdout)).toMatchObject({ acknowledged: 0, interrupted: true, expected: 10, done: 0 });
        expect(stderr).toMatch(/stopped before the ingest server at .* had answered for \d+ event/);
      },
    );
  });

  test('an --out that cannot be written is told before anything is sent', async () => {
    await withCollector(undefined, async ({ url, requests }) => {
      const { code, stderr } = await runCommand(['generate', '--to', url, '--out', join(folder, 'no', 'such')]);
      expect(code).toBe(1);
      expect(stderr).toContain(`cannot write ${join(folder, 'no', 'such')}`);
      expect(requests).toHaveLength(0);
    });
  });
});

describe('a wrong call of millrace generate', () => {
  test.each([
    [['generate'], 'needs a target'],
    [['generate', 'clickstream', '--to', 'http://127.0.0.1:9'], 'has two targets'],
    [['generate', 'clickstream', 'one'], 'is a whole number of at least 0'],
    [['generate', 'clickstream', '1', '1.5'], 'is a whole number of at least 0'],
    [['generate', 'clickstream', '1', '1', '--rate', '5'], '--rate works with --to only'],
    [['generate', '--to', 'http://127.0.0.1:9', '--rate', '0'], 'The rate is a number above 0, or max'],
    [['generate', '--to', 'http://127.0.0.1:9', '--batch', '501'], 'The batch is a whole number from 1 to 500'],
    [['generate', '--to', 'localhost'], '--to: invalid URL'],
    [['generate', '--to'], 'no ingest server runs on this state folder'],
  ])('%j exits with 2 and says why', async (args, message) => {
    expect(await callHere(args)).toEqual({ code: 2, said: expect.stringContaining(message) });
  });

  test('--help has examples and the exit codes', async () => {
    const { code, said } = await callHere(['generate', '--help']);
    expect(code).toBe(0);
    expect(said).toContain('millrace generate clickstream 1 1');
    expect(said).toContain('Exit codes: 0');
  });
});
