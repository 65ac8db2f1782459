import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EmbeddedAws, startEmbeddedAws } from '../src/embedded.js';

let aws: EmbeddedAws;
let open: EmbeddedAws;
beforeAll(async () => {
  aws = await startEmbeddedAws({ hosts: ['loopback', 'host.docker.internal', '*.compose.test'] });
  open = await startEmbeddedAws({ hosts: [] });
});
afterAll(async () => {
  await aws.stop();
  await open.stop();
});

interface Asked {
  to?: EmbeddedAws;
  method?: string;
  path?: string;
  host: string;
  origin?: string;
  target?: string;
  body?: string;
}

function ask({ to = aws, method = 'GET', path = '/', host, origin, target, body = '' }: Asked) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const headers = {
      host,
      ...(origin === undefined ? {} : { origin }),
      ...(target === undefined ? {} : { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' }),
    };
    const request = httpRequest(new URL(path, to.url), { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body: text }));
    });
    request.on('error', reject).end(body);
  });
}

/** What a page that got in would do. */
const attempts: Omit<Asked, 'host'>[] = [
  { path: '/' },
  { path: '/metrics' },
  { method: 'PUT', path: '/lake-of-mine' },
  { method: 'POST', target: 'Kinesis_20131202.ListStreams', body: '{}' },
  { method: 'POST', target: 'Firehose_20150804.ListDeliveryStreams', body: '{}' },
];

describe('the endpoint answers under the names of this machine alone', () => {
  test.each([
    'localhost:4566',
    'LOCALHOST',
    '127.0.0.1:1',
    '127.9.9.9:4566',
    '[::1]:4566',
    'lake.localhost:4566',
    'lake.s3.localhost:4566',
    'lake.s3.us-east-1.localhost',
    'host.docker.internal:4566',
    'aws.compose.test',
  ])('%s: it does', async (host) => {
    for (const { path = '/', method = 'GET', ...rest } of attempts)
      expect((await ask({ ...rest, path, method, host })).status).not.toBe(421);
  });

  test.each([
    'evil.example',
    'evil.example:4566',
    'localhost.evil.example',
    '127.0.0.1.evil.example:4566',
    'evillocalhost',
    '10.0.0.7:4566',
    '[::2]',
    'compose.test',
    'internal',
  ])('%j: it refuses, and says how to let it in', async (host) => {
    for (const attempt of attempts) {
      const { status, body } = await ask({ ...attempt, host });
      expect(status).toBe(421);
      expect(body).toMatch(/WrongHost.*MILLRACE_HOSTS/s);
    }
    await ask({ method: 'PUT', path: '/taken', host });
    expect((await ask({ path: '/taken', host: 'localhost' })).status).toBe(404);
  });

  test.each([
    'https://evil.example',
    'http://localhost.evil.example:3000',
    'null',
    'chrome-extension://localhost',
    'http://10.0.0.7',
  ])('a page of %s gets nothing, though it asks for localhost', async (origin) => {
    for (const attempt of attempts) {
      const { status, body } = await ask({ ...attempt, host: 'localhost:4566', origin });
      expect(status).toBe(403);
      expect(body).toMatch(/ForeignOrigin.*MILLRACE_HOSTS/s);
    }
  });

  test.each([
    'http://localhost:3000',
    'http://127.0.0.1:8000',
    'https://shop.localhost',
    'http://[::1]:3000',
    'http://host.docker.internal',
  ])('a page of %s is one of this machine', async (origin) => {
    expect((await ask({ host: 'localhost:4566', origin })).status).toBe(200);
  });

  test('without names it answers under every one, and to every page', async () => {
    expect((await ask({ to: open, host: 'aws.example', origin: 'https://shop.example' })).status).toBe(200);
  });
});
