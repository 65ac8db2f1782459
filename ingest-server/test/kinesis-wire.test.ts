import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Sink, SinkError } from '../src/core/delivery/sink.js';
import { createKinesisSink } from '../src/sinks/kinesis.js';
import { cleanUp, later } from './support/app.js';

const environment = { ...process.env };
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'first secret',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterEach(async () => {
  await cleanUp();
  process.env = { ...environment };
});

interface Call {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}
interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A server that keeps what it is sent, to the byte, and takes every record unless it is told otherwise. */
async function startRecorder(answer: (call: Call, index: number) => Answer = () => ({})) {
  const calls: Call[] = [];
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const call = { path: request.url!, headers: request.headers, body: Buffer.concat(parts) };
      calls.push(call);
      const { Records: records } = JSON.parse(call.body.toString()) as { Records: unknown[] };
      const taken = { FailedRecordCount: 0, Records: records.map(() => ({ SequenceNumber: '1', ShardId: 's' })) };
      const { status = 200, headers = {}, body = taken } = answer(call, calls.length - 1);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(async () => {
    server.close();
    server.closeAllConnections();
  });
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return calls;
}

function openSink(): Sink {
  const sink = createKinesisSink({ stream: 'clickstream', timeoutMs: 5_000 });
  later(async () => sink.close());
  return sink;
}

const record = (text: string) => {
  const chunk = Buffer.from(text);
  return {
    partitionKey: 'lane-0',
    hashKey: '170141183460469231731687303715884105727',
    chunks: [chunk],
    bytes: chunk.length,
    events: 1,
  };
};
const refusalOf = (sink: Sink) =>
  sink.put([record('{}\n')]).then(
    () => undefined,
    (error: SinkError) => error,
  );

/** What the official signer makes of a request that came, signed as it says it was, with `secretAccessKey`. */
async function signatureOf({ path, headers, body }: Call, secretAccessKey: string): Promise<string> {
  const [, accessKeyId, region, names] =
    /Credential=([^/]+)\/\d{8}\/([^/]+)\/kinesis\/aws4_request, SignedHeaders=([^,]+),/.exec(headers.authorization!)!;
  const { sha256 } = new KinesisClient({ region: region! }).config;
  const sessionToken = headers['x-amz-security-token'] as string | undefined;
  const signer = new SignatureV4({
    service: 'kinesis',
    region: region!,
    credentials: {
      accessKeyId: accessKeyId!,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    sha256,
  });
  const stamp = headers['x-amz-date'] as string;
  const date = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const signed = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path,
      headers: Object.fromEntries(names!.split(';').map((name) => [name, String(headers[name])])),
      body,
    },
    { signingDate: new Date(date) },
  );
  return signed.headers.authorization!;
}

describe('calls on the wire', () => {
  test('the second call differs from the first, which the official client makes, in nothing but time, ids and signature', async () => {
    const calls = await startRecorder();
    const sink = openSink();
    for (let i = 0; i < 3; i++) expect(await sink.put([record('{"a":"ü"}\n')])).toEqual([undefined]);
    const [first, second, third] = calls.map(({ headers, ...call }) => {
      const {
        authorization,
        'x-amz-date': date,
        'amz-sdk-invocation-id': id,
        'amz-sdk-request': attempt,
        ...others
      } = headers;
      const [, scope, names] = /^AWS4-HMAC-SHA256 Credential=(.*?), SignedHeaders=(.*?), Signature=[0-9a-f]{64}$/.exec(
        authorization!,
      )!;
      expect(date).toMatch(/^\d{8}T\d{6}Z$/);
      const signedNames = names!.split(';').filter((name) => !name.startsWith('amz-sdk-'));
      return { call, others, scope, signedNames };
    });
    expect(second).toEqual(first);
    expect(third).toEqual(first);
  });

  test('the signature is the one that the official signer gives for the bytes that came', async () => {
    const calls = await startRecorder();
    const sink = openSink();
    for (let i = 0; i < 4; i++) await sink.put(Array.from({ length: i + 1 }, (_, j) => record(`{"n":${i + j}}\n`)));
    expect(calls).toHaveLength(4);
    for (const call of calls) {
      expect(await signatureOf(call, 'first secret')).toBe(call.headers.authorization);
      // The check tells: another secret, or one byte more, is another signature.
      expect(await signatureOf(call, 'another')).not.toBe(call.headers.authorization);
    }
  });

  test('credentials that end are renewed, session token and all', async () => {
    const calls = await startRecorder();
    let [given, now] = [0, Date.now()];
    const credentials = createServer({ keepAliveTimeout: 75_000 }, (_request, response) => {
      given += 1;
      // Each is good for a minute, which is less than the client wants to have left: it asks again every time.
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          AccessKeyId: `AKID${given}`,
          SecretAccessKey: `secret ${given}`,
          Token: `token ${given}`,
          Expiration: new Date(now + 60_000).toISOString(),
        }),
      );
    });
    await new Promise<void>((resolve) => credentials.listen(0, '127.0.0.1', resolve));
    later(async () => {
      credentials.close();
      credentials.closeAllConnections();
    });
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `http://127.0.0.1:${(credentials.address() as AddressInfo).port}/`;
    const sink = openSink();
    for (let i = 0; i < 4; i++) {
      await sink.put([record('{}\n')]);
      now = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const used = calls.map(({ headers }) => /Credential=AKID(\d+)/.exec(headers.authorization!)![1]);
    expect(new Set(used).size).toBeGreaterThan(1);
    for (const [i, call] of calls.entries()) {
      expect(call.headers['x-amz-security-token']).toBe(`token ${used[i]}`);
      expect(await signatureOf(call, `secret ${used[i]}`)).toBe(call.headers.authorization);
    }
  });

  test('a clock that is off is corrected from the first refusal on', async () => {
    const serverAheadMs = 3 * 60 * 60_000;
    const serverTime = () => Date.now() + serverAheadMs;
    const stampOf = ({ headers }: Call) =>
      Date.parse(
        String(headers['x-amz-date']).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
      );
    const isOff = (call: Call) => Math.abs(stampOf(call) - serverTime()) > 5 * 60_000;
    let skews = false;
    const calls = await startRecorder((call) => ({
      headers: { date: new Date(skews ? serverTime() : Date.now()).toUTCString() },
      ...(skews && isOff(call)
        ? { status: 400, body: { __type: 'InvalidSignatureException', message: 'Signature expired' } }
        : {}),
    }));
    const sink = openSink();
    await sink.put([record('{}\n')]);
    await sink.put([record('{}\n')]);
    skews = true;
    expect(await refusalOf(sink)).toMatchObject({ kind: 'misconfigured', code: 'InvalidSignatureException' });
    expect(await sink.put([record('{}\n')])).toEqual([undefined]);
    expect(calls).toHaveLength(4);
    // And back, when the server's clock, or this one, was the wrong one.
    skews = false;
    await sink.put([record('{}\n')]);
    await sink.put([record('{}\n')]);
    expect(Math.abs(stampOf(calls.at(-1)!) - Date.now())).toBeLessThan(5 * 60_000);
  });

  test.each([
    [
      'its name alone',
      {},
      { __type: 'ThrottlingException', message: 'slow down' },
      ['throttled', 'ThrottlingException', 'slow down'],
    ],
    [
      'a name with its namespace',
      {},
      { __type: 'com.amazonaws.kinesis#ResourceNotFoundException', Message: 'gone' },
      ['misconfigured', 'ResourceNotFoundException', 'gone'],
    ],
    [
      'a name in a header',
      { 'x-amzn-errortype': 'AccessDeniedException:http://internal' },
      {},
      ['misconfigured', 'AccessDeniedException', 'HTTP 400'],
    ],
    ['no JSON', {}, '<html>502</html>', ['unreachable', 'HTTP 400', 'HTTP 400']],
    ['JSON that says nothing', {}, 'null', ['unreachable', 'HTTP 400', 'HTTP 400']],
  ])(
    'a refusal with %s is understood as the client understands it',
    async (_, headers, body, [kind, code, message]) => {
      const calls = await startRecorder((_call, index) => (index === 0 ? {} : { status: 400, headers, body }));
      const sink = openSink();
      await sink.put([record('{}\n')]);
      expect(await refusalOf(sink)).toMatchObject({ kind, code, message });
      expect(calls).toHaveLength(2);
    },
  );

  test('an answer that is no JSON, or has too few outcomes, is no success', async () => {
    const bodies: unknown[] = ['{"Records":', {}, { Records: [] }, { Records: [{}] }];
    await startRecorder((_call, index) => (index === 0 ? {} : { body: bodies[index - 1] }));
    const sink = openSink();
    await sink.put([record('{}\n')]);
    for (const _ of [0, 1, 2]) expect(await refusalOf(sink)).toMatchObject({ kind: 'unreachable' });
    expect(await sink.put([record('{}\n')])).toEqual([{ code: 'BadAnswer', message: 'no sequence number' }]);
  });
});
