import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createKinesisSink } from '@millrace/ingest-server';
import { openAthenaLake } from '@millrace/lake/athena';
import { openSelectLake } from '@millrace/lake/s3-select';
import { type Call, type CallChecker, openCallChecker } from '@millrace/testing/botocore';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import { needs } from '@millrace/testing/needs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { checkEndToEnd } from '../src/deploy/check.js';
import { down } from '../src/deploy/down.js';
import { logLines } from '../src/deploy/logs.js';
import { statusOf } from '../src/deploy/status.js';
import { up } from '../src/deploy/up.js';
import { createPipeline } from '../src/pipeline/create.js';
import { definePipeline } from '../src/pipeline/definition.js';
import { type Sandbox, sandbox } from './support/millrace.js';
import { lake, listener, region, startMoto, upOptions } from './up-moto.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

interface SentCommand {
  constructor: { name: string };
  input: Record<string, unknown>;
}
interface AnyClient {
  config: { serviceId: string };
  send(command: SentCommand, ...rest: unknown[]): Promise<object>;
}
/** What every client of the AWS SDK extends. */
const everyClient = Object.getPrototypeOf(S3Client.prototype) as AnyClient;
const serviceNames: Record<string, string> = { 'CloudWatch Logs': 'logs' };

/** Notes each call of each client in this process; `answer` may answer in AWS's stead. */
function noteCalls(calls: Call[], answer: (call: Call) => object | undefined = () => undefined): () => void {
  const { send } = everyClient;
  everyClient.send = async function (this: AnyClient, command, ...rest) {
    const { serviceId } = this.config;
    const call = {
      service: serviceNames[serviceId] ?? serviceId.toLowerCase(),
      operation: command.constructor.name.replace(/Command$/, ''),
      input: command.input,
    };
    calls.push(call);
    return answer(call) ?? send.call(this, command, ...rest);
  };
  return () => {
    everyClient.send = send;
  };
}

/** Notes what goes over the wire to Kinesis and Firehose, for processes and for bodies that no SDK writes. */
async function wireTap(upstream: string, calls: Call[]): Promise<{ url: string; server: Server }> {
  const server = createServer({ keepAliveTimeout: 75_000 }, async (incoming: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const [, service, operation] =
      /^(Kinesis|Firehose)_\d+\.(\w+)$/.exec(String(incoming.headers['x-amz-target'])) ?? [];
    if (service && incoming.headers['content-type']?.includes('json')) {
      const input = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Call['input'];
      calls.push({ service: service.toLowerCase(), operation: operation!, input });
    }
    const outgoing = httpRequest(
      new URL(incoming.url!, upstream),
      { method: incoming.method!, headers: incoming.headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    outgoing.on('error', () => response.destroy());
    outgoing.end(Buffer.concat(chunks));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Each `service.Operation` that our code imports, but the embedded AWS's own. */
function ourOperations(): string[] {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const files = ['ingest-server/src', 'lake/src', 'generator/src', 'infra-scripts/src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const found = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([a-z0-9-]+)'/g)].flatMap(
      ([, names, client]) =>
        [...names!.matchAll(/\b([A-Z]\w+)Command\b/g)].map(
          ([, operation]) => `${client === 'cloudwatch-logs' ? 'logs' : client}.${operation}`,
        ),
    ),
  );
  return [...new Set(found)].sort();
}

needs('botocore', 'moto').describe('the parameters of each call pass botocore’s models', () => {
  let box: Sandbox;
  let botocore: CallChecker;
  let restore = () => {};
  beforeAll(() => {
    box = sandbox();
    botocore = openCallChecker();
  });
  afterEach(() => restore());
  afterAll(async () => {
    await botocore.close();
    await box.remove();
  });

  /** A call is only worth something when botocore has seen it. */
  const judge = async (calls: Call[], operations: string[]) => {
    const seen = new Set(calls.map(({ service, operation }) => `${service}.${operation}`));
    expect([...seen]).toEqual(expect.arrayContaining(operations));
    expect(await botocore.wrongIn(calls)).toBe('');
  };

  /** Each flow runs once, for whichever test asks first: no test depends on another. */
  const flows: (() => Promise<Call[]>)[] = [];
  function testFlow(name: string, run: () => Promise<Call[]>, operations: string[]): void {
    let made: Promise<Call[]> | undefined;
    const calls = () => (made ??= run().finally(() => restore()));
    flows.push(calls);
    test(name, async () => judge(await calls(), operations), 240_000);
  }

  testFlow('up, a change that is refused, a change, status, logs, the check, down with its data', async () => {
    const moto = await startMoto();
    const heard = listener((question) => question !== 'Change it?' || heard.questions.length > 2);
    const calls: Call[] = [];
    restore = noteCalls(calls, ({ operation }) =>
      operation === 'FilterLogEvents' ? { events: [{ eventId: '1', message: 'x' }], nextToken: undefined } : undefined,
    );
    try {
      await up(upOptions(moto, heard.output));
      const four = { wanted: { name: 'millrace', settings: { shards: 4 } } };
      expect(await up(upOptions(moto, heard.output, four))).toBeUndefined();
      expect(await up(upOptions(moto, heard.output, four))).toMatchObject({ changed: true });
      const clients = moto.clients();
      await statusOf(clients, 'millrace');
      for (const group of ['/millrace/clickstream/ingest', '/aws/kinesisfirehose/clickstream-to-s3']) {
        const lines = logLines(clients.logs, { group, sinceMs: Date.now() - 1_000, follow: false });
        expect((await lines.next()).value).toMatchObject({ message: 'x' });
      }
      const collector = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
        request.resume().on('end', () => response.end('{"accepted":1}'));
      }).listen(0, '127.0.0.1');
      await once(collector, 'listening');
      restore();
      // The event that the check has sent lies in the lake at once.
      let id = '';
      restore = noteCalls(calls, ({ operation }) => {
        if (operation === 'ListObjectsV2') return { Contents: [{ Key: 'page=cart/x', LastModified: new Date() }] };
        return operation === 'GetObject' ? { Body: { transformToByteArray: async () => Buffer.from(id) } } : undefined;
      });
      const { stringify } = JSON;
      JSON.stringify = ((value: { event_id?: string }, ...rest: []) => {
        id = value?.event_id ?? id;
        return stringify(value, ...rest);
      }) as typeof JSON.stringify;
      await checkEndToEnd({
        s3: clients.s3,
        collectorUrl: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
        writeKey: 'k',
        lake,
        bufferIntervalSeconds: 60,
        format: 'json',
        output: heard.output,
      }).finally(() => {
        JSON.stringify = stringify;
        collector.closeAllConnections();
        collector.close();
      });
      restore();
      restore = noteCalls(calls, ({ operation }) =>
        operation === 'ListObjectVersions' && !calls.some((call) => call.operation === 'DeleteObjects')
          ? { Versions: [{ Key: 'page=books/x', VersionId: 'v' }] }
          : undefined,
      );
      await down({
        clients,
        name: 'millrace',
        region,
        output: heard.output,
        deleteData: lake,
        drainMs: 0,
        pauseMs: 20,
      });
    } finally {
      await moto.close();
    }
    return calls;
  }, ['cloudformation.DeleteChangeSet', 'logs.FilterLogEvents', 's3.GetObject', 's3.DeleteObjects']);

  testFlow('query, ls and redrive by Athena, and a query by S3 Select', async () => {
    const calls: Call[] = [];
    const row = (...values: string[]) => ({ Data: values.map((VarCharValue) => ({ VarCharValue })) });
    const columns = ['page', 'event', 'n', 'newest'];
    const states = ['RUNNING', 'SUCCEEDED', 'SUCCEEDED', 'RUNNING', 'RUNNING'];
    restore = noteCalls(calls, ({ operation, input }) => {
      const answers: Record<string, () => object> = {
        StartQueryExecution: () => ({ QueryExecutionId: 'id' }),
        GetQueryExecution: () => ({ QueryExecution: { Status: { State: states.shift() ?? 'RUNNING' } } }),
        GetQueryResults: () => ({
          ResultSet: {
            ResultSetMetadata: { ColumnInfo: columns.map((Name) => ({ Name, Type: 'varchar' })) },
            Rows: [row(...columns), row('books', 'liked_item', '1', '')],
          },
          ...(input.NextToken ? {} : { NextToken: 'more' }),
        }),
        StopQueryExecution: () => ({}),
        ListObjectsV2: () => ({ Contents: [{ Key: 'page=books/event=liked_item/x.json.gz', Size: 1 }] }),
        SelectObjectContent: () => ({ Payload: [{ Records: { Payload: Buffer.from('{"a":1}\n') } }, { End: {} }] }),
      };
      return answers[operation]?.();
    });
    const common = {
      dollarsPerTB: 5,
      workGroup: 'millrace-clickstream',
      database: 'clickstream',
      table: 'events',
      pauseMs: 1,
    };
    const athena = openAthenaLake({
      ...common,
      bucket: lake,
      clientConfig: { region, credentials },
      s3Config: { region, credentials },
    });
    expect((await athena.query('select * from events')).rows).not.toEqual([]);
    expect(await athena.list()).toMatchObject([{ page: 'books', objects: 1 }]);
    await expect(athena.query('select * from events', { timeoutMs: 1 })).rejects.toThrow();
    await athena.close();
    const select = openSelectLake({ bucket: lake, prefix: 'page=books/', s3Config: { region, credentials } });
    expect((await select.query('select * from s3object s limit 5')).rows).toEqual([[1]]);
    return calls;
  }, ['athena.StopQueryExecution', 'athena.GetQueryResults', 's3.SelectObjectContent']);

  testFlow('the ingest server, the generator and the creation of the pipeline, as they go over the wire', async () => {
    const calls: Call[] = [];
    const aws = await box.serve(['aws', '--port', '0'], ['aws']);
    const tap = await wireTap(aws.url('aws'), calls);
    const config = { endpoint: tap.url, region, credentials, requestHandler: new NodeHttpHandler() };
    const kinesis = new KinesisClient(config);
    const firehose = new FirehoseClient(config);
    const s3 = new S3Client({ ...config, forcePathStyle: true });
    restore = noteCalls(calls);
    try {
      const other = { stream: 'other', deliveryStream: 'other-to-s3', bucket: 'other-lake' };
      await createPipeline(definePipeline({ ...other, region }), { kinesis, firehose, s3 });
      const env = { AWS_ENDPOINT_URL: tap.url };
      const ingest = await box.serve(['ingest', '--port', '0'], ['ingest'], env);
      const answer = await fetch(`${ingest.url('ingest')}/v1/events?key=demo`, {
        method: 'POST',
        body: JSON.stringify(someEvent()),
      });
      expect(await answer.json()).toMatchObject({ accepted: 1 });
      await eventually('the event to be put', () => calls.some(({ operation }) => operation === 'PutRecords'));
      // As after a crash: what of the spool is in the stream already?
      const sink = createKinesisSink({
        stream: 'clickstream',
        clientConfig: { endpoint: tap.url, region, credentials },
      });
      let found = 0;
      await sink.read({ from: Date.now() - 60_000, to: Date.now() }, () => found++);
      sink.close();
      expect(found).toBe(1);
      expect(await box.run(['generate', 'clickstream', '1', '0', '--count', '1'], { env })).toMatchObject({ code: 0 });
      expect(await box.run(['generate', 'nowhere', '1', '0', '--count', '1'], { env })).toMatchObject({ code: 1 });
    } finally {
      for (const client of [kinesis, firehose, s3]) client.destroy();
      tap.server.closeAllConnections();
      tap.server.close();
    }
    return calls;
  }, [
    'kinesis.PutRecords',
    'kinesis.PutRecord',
    'kinesis.GetRecords',
    'firehose.CreateDeliveryStream',
    'kinesis.CreateStream',
  ]);

  testFlow(
    'millrace shell',
    async () => [{ service: 'ssm', operation: 'StartSession', input: { Target: 'i-0123456789abcdef0' } }],
    ['ssm.StartSession'],
  );

  test('none of our calls was left out', async () => {
    const all: Call[] = [];
    for (const calls of flows) all.push(...(await calls()));
    const seen = new Set(all.map(({ service, operation }) => `${service}.${operation}`));
    const ours = ourOperations();
    expect(ours.length).toBeGreaterThan(35);
    expect(ours.filter((each) => !seen.has(each))).toEqual([]);
  }, 240_000);

  test('botocore finds what is wrong: a member, a type, an enum, a pattern, a length', async () => {
    const put = { StreamName: 's', PartitionKey: 'k', Data: 'x' };
    const of = (input: Call['input'], operation = 'PutRecord') =>
      botocore.wrongIn([{ service: 'kinesis', operation, input }]);
    expect(await of(put)).toBe('');
    expect(await of({ ...put, Stream: 's' })).toContain('Stream');
    expect(await of({ StreamName: 's', Data: 'x' })).toContain('PartitionKey');
    expect(await of({ ...put, StreamName: 's s' })).toContain('does not match');
    expect(await of({ ...put, PartitionKey: 'k'.repeat(257) })).toContain('at most 256');
    expect(await of({ StreamName: 's', StreamModeDetails: { StreamMode: 'FREE' } }, 'CreateStream')).toContain(
      'none of',
    );
  });
});
