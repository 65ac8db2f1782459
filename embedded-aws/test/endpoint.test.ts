import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Endpoint, type EndpointOptions, startEndpoint } from '../src/endpoint.js';
import { AwsError } from '../src/json-service/aws-error.js';
import type { AwsService } from '../src/service.js';
import { echoService } from './kinesis-support.js';

const open: Endpoint[] = [];
const logged: string[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((endpoint) => endpoint.close()));
  logged.length = 0;
});

async function start(
  given: { kinesis?: AwsService; s3?: AwsService } = {},
  options: Partial<EndpointOptions> = {},
): Promise<Endpoint> {
  const endpoint = await startEndpoint({
    port: 0,
    services: [given.kinesis ?? echoService('Kinesis'), echoService('Data Firehose'), given.s3 ?? echoService('S3')],
    log: (line) => void logged.push(line),
    ...options,
  });
  open.push(endpoint);
  return endpoint;
}

const call = (url: string, target?: string, init: RequestInit = {}) =>
  fetch(url, { method: 'POST', body: '{}', ...init, headers: target === undefined ? {} : { 'x-amz-target': target } });

describe('the endpoint', () => {
  test('hands each request to the service that it is for', async () => {
    const { url } = await start();
    expect(await (await call(url, 'Kinesis_20131202.PutRecords')).text()).toBe('Kinesis');
    expect(await (await call(url, 'Firehose_20150804.ListDeliveryStreams')).text()).toBe('Data Firehose');
    expect(await (await call(`${url}/bucket/key`)).text()).toBe('S3');
  });

  test('refuses a service that it does not have, naming those it has', async () => {
    const { url } = await start();
    for (const target of ['DynamoDB_20120810.ListTables', 'nonsense', 'constructor.toString']) {
      const response = await call(url, target);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        __type: 'UnknownOperationException',
        message: `The embedded AWS does not support ${target}. It supports Kinesis (Kinesis_20131202), Data Firehose (Firehose_20150804) and S3. docs/embedded-aws.md lists every supported operation.`,
      });
    }
  });

  test('answers and logs what a service throws, and goes on', async () => {
    const failing = async () => {
      throw new Error('disk <full>');
    };
    const { url } = await start({ kinesis: echoService('Kinesis', failing), s3: echoService('S3', failing) });
    const json = await call(url, 'Kinesis_20131202.PutRecords');
    expect(json.status).toBe(500);
    expect(await json.json()).toEqual({ __type: 'InternalFailure', message: 'disk <full>' });
    const xml = await call(`${url}/bucket/key`);
    expect(xml.status).toBe(500);
    expect(await xml.text()).toContain('<Code>InternalError</Code><Message>disk &#60;full&#62;</Message>');
    expect(logged).toEqual([
      'Kinesis: Kinesis_20131202.PutRecords failed: disk <full>',
      'S3: POST /bucket/key failed: disk <full>',
    ]);
    const known = echoService('Kinesis', async () => {
      throw new AwsError('LimitExceededException', 'enough');
    });
    expect((await call((await start({ kinesis: known })).url, 'Kinesis_20131202.X')).status).toBe(400);
  });

  test('a client that goes away in the middle of its request is no error', async () => {
    let gone: (error: unknown) => void = () => {};
    const left = new Promise((resolve) => {
      gone = resolve;
    });
    const reading = echoService('Kinesis', async (incoming) => {
      incoming.on('error', gone);
      await once(incoming, 'end');
    });
    const { url } = await start({ kinesis: reading });
    const half = request(url, {
      method: 'POST',
      headers: { 'x-amz-target': 'Kinesis_20131202.PutRecords', 'content-length': 100 },
    });
    half.on('error', () => {});
    half.write('half');
    setTimeout(() => half.destroy(), 50);
    await left;
    await new Promise(setImmediate);
    expect(logged).toEqual([]);
    expect(await (await call(url, 'Firehose_20150804.X')).text()).toBe('Data Firehose');
  });

  test('a port that is taken is named', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startEndpoint({ port, services: [echoService('S3')], log: () => {} })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken by another program.`,
    );
    other.close();
  });
});

describe('an HTTP/2 client', () => {
  test('gets an error at once, and the log says once what to do', async () => {
    const { url } = await start();
    for (let i = 0; i < 2; i++) {
      const session = connectHttp2(url);
      const [code] = (await once(session, 'goaway')) as [number];
      expect(code).toBe(0xd);
      session.on('error', () => {});
      session.destroy();
    }
    expect(logged).toEqual([expect.stringContaining('requestHandler: new NodeHttpHandler()')]);
  });

  test('such as the Kinesis client with its own handler fails instead of waiting', async () => {
    const { url } = await start();
    const client = new KinesisClient({
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    await expect(client.send(new ListStreamsCommand({}))).rejects.toThrow();
    client.destroy();
  });
});

describe('closing', () => {
  test('lets a running request finish, closes idle connections and takes no new ones', async () => {
    let finish: () => void = () => {};
    let begun: () => void = () => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const slow = echoService('Kinesis', async (_, response) => {
      begun();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      response.end('finished');
    });
    // So long that only an endpoint that closes by itself ends this test.
    const endpoint = await start({ kinesis: slow }, { finishWithinMs: 1e6 });
    const agent = new Agent({ keepAlive: true });
    const send = (headers: Record<string, string>) =>
      new Promise<string>((resolve, reject) => {
        const outgoing = request(endpoint.url, { agent, method: 'POST', headers }, async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          resolve(text);
        });
        outgoing.on('error', reject);
        outgoing.end('{}');
      });
    // Leaves an idle connection behind, which must not keep the endpoint open.
    expect(await send({})).toBe('S3');
    const answer = send({ 'x-amz-target': 'Kinesis_20131202.X' });
    await running;
    const closed = endpoint.close();
    await expect(fetch(endpoint.url)).rejects.toThrow();
    finish();
    expect(await answer).toBe('finished');
    await closed;
    await endpoint.close();
    agent.destroy();
  });

  test('cuts off a request that does not finish in time', async () => {
    let begun: () => void = () => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const hanging = echoService('Kinesis', async () => {
      begun();
      await new Promise(() => {});
    });
    const endpoint = await start({ kinesis: hanging }, { finishWithinMs: 20 });
    const answer = call(endpoint.url, 'Kinesis_20131202.X').catch(() => 'cut off');
    await running;
    await endpoint.close();
    expect(await answer).toBe('cut off');
  });
});
