import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { startCollectorStub, type Treatment } from '@millrace/testing/generator-collector-stub';
import { event, lines, temporaryLake } from '@millrace/testing/lake-fixture';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import type { Finished } from './support/here.js';
import { leaveSpool } from './support/left-spool.js';
import { type Sandbox, sandbox } from './support/millrace.js';
import { startStreamStub } from './support/stream-stub.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What every AWS SDK wants to have; no call leaves this machine. */
const environment = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'us-east-1' };

let box: Sandbox;
let cleanUp: (() => void | Promise<void>)[] = [];
beforeAll(() => {
  box = sandbox();
});
afterAll(async () => {
  for (const undo of cleanUp) await undo();
  cleanUp = [];
  await box.remove();
});

type Ended = { code: number; said: string };

/** The real command, in this process: one of its own costs half a second. */
async function here(...args: string[]): Promise<Ended> {
  return asEnded(await box.run(args, { env: environment }));
}

/** Sends a signal once `when` resolves; a second one, which ends it at once, when it says that it is stopping. */
async function signalled(args: string[], when: () => Promise<unknown>, times: 1 | 2 = 1) {
  const command = await box.begin(args, { env: environment });
  await Promise.race([when(), command.ended]);
  command.kill('SIGINT');
  if (times === 2) {
    await eventually('the first to be heard', () => command.output().includes('stopping'));
    command.kill('SIGTERM');
  }
  const { code, stdout, stderr } = await command.ended;
  return { code: Number(code), said: stdout + stderr, stdout };
}

async function collector(treat?: (number: number) => Treatment) {
  const stub = await startCollectorStub(treat);
  cleanUp.push(() => stub.close());
  return stub;
}

/** Accepts the first request and holds every other. */
const firstOnly = () => collector((number) => (number === 0 ? { kind: 'accept' } : { kind: 'hang' }));

function file(name: string, ...all: (Record<string, unknown> | string)[]): string {
  const path = join(box.state, name);
  writeFileSync(path, lines(...all));
  return path;
}

const sent = ({ received_at: _, occurred_at: __, ...rest }: Record<string, unknown>) => rest;
const events = (count: number) => Array.from({ length: count }, () => sent(event({ seq: 0 })));

function lakeWith(...puts: [page: string, event: string, ...lines: (Record<string, unknown> | string)[]][]): string {
  const lake = temporaryLake();
  mkdirSync(lake.folder, { recursive: true });
  for (const put of puts) lake.put(...put);
  cleanUp.push(lake.remove);
  return lake.folder;
}

const rejected = (raw: unknown) => event({ page: '_quarantine', event: '_invalid_event', raw: JSON.stringify(raw) });
const quarantine = (...raw: unknown[]) => lakeWith(['_quarantine', '_invalid_event', ...raw.map(rejected)]);
const full = () => lakeWith(['books', 'clicked_review', event()]);

const aws = ['--region', 'us-east-1', '--endpoint-url'];

/** AWS, which gives every call this answer; none where it is undefined. */
async function answer(bodyOf: (isFirehose: boolean) => string | undefined, status = 200) {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    const isFirehose = String(request.headers['x-amz-target']).startsWith('Firehose');
    const body = bodyOf(isFirehose);
    if (body === undefined) return;
    response.writeHead(status, { 'content-type': isFirehose ? 'application/x-amz-json-1.1' : 'text/xml' });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}
const answering = (status?: number, code = '', message = '') =>
  answer(
    () =>
      status === undefined
        ? undefined
        : `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
    status,
  );
const absent = async () => (await answering(400, 'ValidationError', 'Stack with id millrace does not exist')).url;
const atRest = async () => {
  const stack =
    '<StackName>millrace</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-30T00:00:00Z</CreationTime>' +
    '<Outputs><member><OutputKey>DeliveryStreamName</OutputKey><OutputValue>d</OutputValue></member>' +
    '<member><OutputKey>ServerId</OutputKey><OutputValue>i-1</OutputValue></member></Outputs>';
  const stacks = `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
  const delivery = { DeliveryStreamDescription: { DeliveryStreamName: 'd', DeliveryStreamStatus: 'ACTIVE' } };
  return (await answer((isFirehose) => (isFirehose ? JSON.stringify(delivery) : stacks))).url;
};
const denied = async () => (await answering(403, 'AccessDenied', 'no')).url;

async function spooled(...batches: object[][]): Promise<string> {
  const folder = join(box.state, `spool-${cleanUp.length}`);
  await leaveSpool(folder, batches);
  return folder;
}
async function stream(treat?: Parameters<typeof startStreamStub>[0]) {
  const stub = await startStreamStub(treat);
  cleanUp.push(() => stub.close());
  return stub;
}
function stateText(format: string, data: object): string {
  const sha256 = createHash('sha256').update(JSON.stringify(data)).digest('hex');
  return JSON.stringify({ format: `millrace-${format}`, version: 1, sha256, data });
}
/** The state of an embedded AWS that has an empty catalogue. */
function stateWith(name: string, catalogue = stateText('glue-catalogue', {})): string {
  const folder = join(box.state, name);
  mkdirSync(join(folder, 'glue'), { recursive: true });
  writeFileSync(join(folder, 'glue/catalogue.json'), catalogue);
  return folder;
}
const nothingReadable = (folder: string) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '00000001.damaged'), Buffer.alloc(100));
  return folder;
};
const drain = (folder: string, url: string, ...more: string[]) =>
  ['spool', 'drain', folder, '--endpoint-url', url, ...more] as const;

const fast = ['--speed', 'max', '--batch', '1', '--connections', '1', '--json'];

/** A server command that is told to end, once or twice. */
const served = async (
  args: string[],
  part: 'dev' | 'aws' | 'ingest' | 'store',
  signal: NodeJS.Signals,
  env?: NodeJS.ProcessEnv,
) => {
  const own = sandbox();
  cleanUp.push(() => own.remove());
  const running = await own.serve(args, part === 'dev' ? ['aws', 'ingest', 'store'] : [part], env);
  return { code: Number(await running.end(signal)), said: running.output() };
};

/** Each cell of the table in docs/commands.md: what is called, and how it ends. */
const cells: Record<string, Record<number, () => Promise<Ended>>> = {
  generate: {
    0: async () => here('generate', '--to', (await collector()).url, '--rate', 'max', '--count', '5'),
    1: async () =>
      here('generate', '--to', (await collector(() => ({ kind: 'answer', status: 401 }))).url, '--count', '1'),
    2: () => here('generate', '--rate', '0'),
    3: async () => {
      const stub = await collector(() => ({ kind: 'reject', indices: [0] }));
      return here('generate', '--to', stub.url, '--rate', 'max', '--count', '50', '--batch', '50');
    },
    130: async () => {
      const stub = await collector();
      const args = ['generate', '--to', stub.url, '--rate', '50', '--count', '100000', '--json'];
      const ended = await signalled(args, () => eventually('a request', () => stub.requests.length > 0));
      expect(JSON.parse(ended.stdout)).toMatchObject({
        interrupted: true,
        expected: 100_000,
        done: stub.kept.length,
      });
      return ended;
    },
  },
  replay: {
    0: async () => here('replay', file('good', ...events(3)), '--to', (await collector()).url, ...fast),
    1: async () => here('replay', file('bad', ...events(3), '{"torn'), '--to', (await collector()).url, ...fast),
    2: () => here('replay', '--speed', 'max', '--to', 'http://127.0.0.1:9'),
    3: async () => {
      const path = file('mixed', ...events(3), '{"torn', '[]');
      const ended = await here('replay', path, '--to', (await collector()).url, '--skip-invalid', ...fast);
      expect(ended.said).toMatch(/"interrupted":false,"expected":3,"done":3,.*"skipped":2/);
      return ended;
    },
    4: async () => here('replay', file('none', ''), '--to', (await collector()).url, ...fast),
    130: async () => {
      const stub = await firstOnly();
      const args = ['replay', file('many', ...events(40)), '--to', stub.url, ...fast];
      const ended = await signalled(args, () => eventually('a second request', () => stub.requests.length > 1));
      expect(JSON.parse(ended.stdout)).toMatchObject({ interrupted: true, expected: 40, done: 1 });
      return ended;
    },
  },
  query: {
    0: () => here('query', 'select count(*) from events', '--lake', full()),
    1: () => here('query', 'select nothing from events', '--lake', full()),
    2: () => here('query', 'select 1', '--lake', join(box.state, 'nowhere')),
    4: () => here('query', 'select count(*) from events', '--lake', lakeWith()),
    130: () =>
      signalled(
        ['query', 'select sum(a.range * b.range) from range(1000000) a, range(1000000) b', '--lake', full()],
        // It has to have begun, or the signal finds no one: a second is not too long, and shortness costs no truth.
        () => new Promise((resolve) => setTimeout(resolve, 1_000)),
      ),
  },
  ls: {
    0: () => here('ls', '--lake', full()),
    1: async () => here('ls', '--workgroup', 'w'),
    2: () => here('ls', '--lake', join(box.state, 'nowhere')),
    4: () => here('ls', '--lake', lakeWith()),
    130: async () => {
      const { url, asked } = await answering();
      const env = { ...environment, AWS_ENDPOINT_URL: url, MILLRACE_LAKE: 'The_Lake' };
      const command = await box.begin(['ls', '--workgroup', 'w'], { env });
      await eventually('a call', () => asked() > 0);
      command.kill('SIGTERM');
      return asEnded(await command.ended);
    },
  },
  redrive: {
    0: async () => here('redrive', 'quarantine', '--lake', quarantine(sent(event())), '--to', (await collector()).url),
    1: () => here('redrive', 'quarantine', '--lake', quarantine({ still: 'odd' }), '--dry-run'),
    2: () => here('redrive', 'everything'),
    3: () => here('redrive', 'quarantine', '--lake', quarantine(sent(event()), { still: 'odd' }), '--dry-run'),
    4: () => here('redrive', 'quarantine', '--lake', full(), '--dry-run'),
    130: async () => {
      const stub = await collector(() => ({ kind: 'hang' }));
      const lake = quarantine(sent(event()), sent(event()));
      const args = ['redrive', 'quarantine', '--lake', lake, '--to', stub.url, '--json'];
      const ended = await signalled(args, () => eventually('a request', () => stub.requests.length > 0));
      expect(JSON.parse(ended.stdout)).toMatchObject({ interrupted: true, expected: 2, done: 0 });
      return ended;
    },
  },
  'spool ls': {
    0: async () => here('spool', 'ls', await spooled(events(2))),
    1: () => {
      mkdirSync(join(box.state, 'odd/00000001.spool'), { recursive: true });
      return here('spool', 'ls', join(box.state, 'odd'));
    },
    2: () => here('spool', 'ls', join(box.state, 'nowhere')),
    4: () => here('spool', 'ls', box.state),
  },
  'spool drain': {
    0: async () => here(...drain(await spooled(events(2)), (await stream()).url)),
    1: async () => here(...drain(nothingReadable(join(box.state, 'zeros')), (await stream()).url)),
    2: async () => here(...drain(join(box.state, 'nowhere'), 'http://127.0.0.1:9')),
    3: async () => here(...drain(nothingReadable(await spooled(events(2))), (await stream()).url)),
    4: () => here(...drain(box.state, 'http://127.0.0.1:9')),
    130: async () => {
      const stub = await stream(() => 'hang');
      const args = drain(await spooled(events(3)), stub.url, '--json');
      const ended = await signalled([...args], () => eventually('a put', () => stub.puts() > 0));
      expect(JSON.parse(ended.stdout)).toMatchObject({ interrupted: true, expected: 3, done: 0, left: 3 });
      return ended;
    },
  },
  'aws check': {
    0: () => here('aws', 'check', '--state', stateWith('whole')),
    1: () => here('aws', 'check', '--state', stateWith('damaged', '{"format":"millrace-glue-catalogue","version":1}')),
    2: () => here('aws', 'check', '--state', join(box.state, 'nowhere')),
    3: async () => {
      const folder = stateWith('newer');
      const log = join(folder, 'kinesis/records/a');
      mkdirSync(log, { recursive: true });
      writeFileSync(join(folder, 'kinesis/streams.json'), stateText('kinesis-streams', { streams: [] }));
      writeFileSync(join(log, '0000000000000001.log'), 'millrace-records 2\n');
      return here('aws', 'check', '--state', folder);
    },
    4: () => here('aws', 'check', '--state', box.state),
  },
  plan: {
    0: () => here('plan', '--events-per-second', '1', '--events-per-record', '20'),
    2: () => here('plan', '--events-per-second', 'many'),
  },
  status: {
    0: async () => here('status', ...aws, await atRest()),
    1: async () => here('status', ...aws, await denied()),
    2: () => here('status', '--colour'),
    4: async () => here('status', ...aws, await absent()),
    130: async () => {
      const { url, asked } = await answering();
      return signalled(['status', ...aws, url], () => eventually('a call', () => asked() > 0), 2);
    },
  },
  up: { 2: () => here('up', '--shards', 'few') },
  down: {
    1: async () => here('down', '--yes', ...aws, await denied()),
    2: () => here('down', '--drain-seconds', 'long'),
    4: async () => here('down', '--yes', ...aws, await absent()),
    130: async () => {
      const { url, asked } = await answering();
      return signalled(['down', '--yes', ...aws, url], () => eventually('a call', () => asked() > 0), 2);
    },
  },
  logs: {
    1: async () => here('logs', ...aws, await denied()),
    2: () => here('logs', '--since', 'yesterday'),
    4: async () => here('logs', ...aws, await absent()),
  },
  dev: {
    0: () =>
      served(
        ['dev', '--no-traffic', '--port', '0', '--ingest-port', '0', '--aws-port', '0', '--shards', '1'],
        'dev',
        'SIGTERM',
      ),
    1: async () => here('dev', '--port', portOf((await collector()).url)),
    2: () => here('dev', '--shards', '0'),
  },
  aws: {
    0: () => served(['aws', '--port', '0', '--no-pipeline'], 'aws', 'SIGINT'),
    1: async () => here('aws', '--port', portOf((await collector()).url)),
    2: () => here('aws', '--lambda', 'nothing'),
  },
  ingest: {
    0: async () => {
      // A Kinesis that never answers: what is sent stays in the spool, and the end is in order all the same.
      const { url } = await answering();
      return served(['ingest', '--port', '0'], 'ingest', 'SIGTERM', { AWS_ENDPOINT_URL: url });
    },
    1: async () => here('ingest', '--port', portOf((await collector()).url)),
    2: () => here('ingest', '--port', 'http'),
  },
  store: {
    0: () => served(['store', '--port', '0', '--to', 'http://127.0.0.1:9'], 'store', 'SIGHUP'),
    1: async () => here('store', '--to', 'http://127.0.0.1:9', '--port', portOf((await collector()).url)),
    2: () => here('store', '--port', '70000'),
  },
};

const portOf = (url: string) => new URL(url).port;
const asEnded = ({ code, stdout, stderr }: Finished): Ended => ({ code: Number(code), said: stdout + stderr });

const both = 'up, status, up with a change, up again, down: each does what it says, and the lake stays';
const anonymous =
  'up without --yes and without a person creates nothing; with wrong credentials or none it says what to do';
const stopped = 'Ctrl-C while AWS creates ends up at once with 130 and says how to go on; status knows the rest';
const logged = 'logs shows what the servers said, with the host and without tricks; --delivery what Firehose said';

/** Cells that need a whole AWS or a whole pipeline, and the tests that have one. */
const elsewhere: [command: string, code: number, file: string, name: string][] = [
  ['up', 0, 'up.test.ts', both],
  ['up', 1, 'up-commands.test.ts', anonymous],
  ['up', 130, 'up-commands.test.ts', stopped],
  ['down', 0, 'up.test.ts', both],
  ['logs', 0, 'up-commands.test.ts', logged],
];

const rows = Object.entries(cells).flatMap(([command, codes]) =>
  Object.entries(codes).map(([code, act]) => ({ command, code: Number(code), act })),
);

describe(`the exit codes of docs/commands.md${leavesOut('every other cell')}`, () => {
  test('each cell of the table has a test, and no test is of a code that the table leaves out', () => {
    const table = readFileSync(join(root, 'docs/commands.md'), 'utf8')
      .split('\n')
      .filter((line) => /^\| `/.test(line) && line.split('|').length === 9)
      .flatMap((line) => {
        const [names, ...columns] = line.split('|').slice(1, -1);
        const codes = [0, 1, 2, 3, 4, 130].filter((_, at) => columns[at]!.trim() !== '–');
        return [...names!.matchAll(/`([\w ]+)`/g)].flatMap(([, name]) => codes.map((code) => `${name} ${code}`));
      });
    for (const [, , file, name] of elsewhere) {
      expect(readFileSync(join(root, 'infra-scripts/test', file), 'utf8')).toContain(name);
    }
    const tested = [...rows, ...elsewhere.map(([command, code]) => ({ command, code }))];
    expect(tested.map(({ command, code }) => `${command} ${code}`).sort()).toEqual(table.sort());
  });

  // Of each two cells one: many are processes of their own.
  test.each(rows.filter((_, at) => inForm(at % 2 === 0, true)))('$command ends with $code', async ({ code, act }) => {
    const ended = await act();
    expect(ended).toMatchObject({ code });
    // Whatever is not done is said, and in words.
    if (code !== 0 && code !== 130) expect(ended.said.trim()).not.toBe('');
    expect(ended.said).not.toMatch(/\n\s+at /);
  });
});
