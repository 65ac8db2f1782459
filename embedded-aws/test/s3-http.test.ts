import { createHash } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { anyCharacter } from '@millrace/testing/any-character';
import fc from 'fast-check';
import { crc32c, crc64nvme, crc32 as ourCrc32 } from '../src/s3/crc.js';
import { createAwsChunkedDecoder } from '../src/s3/http/aws-chunked.js';
import { parseXml } from '../src/s3/http/xml.js';
import { errorCodeOf, filesBelow, send, startS3, type TestS3 } from './s3-helpers.js';

let s3: TestS3;
beforeAll(async () => {
  s3 = await startS3();
  await send(s3.port, 'PUT', '/raw-bucket', { body: '' });
});
afterAll(() => s3.stop());

const crcOf = (text: string) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64');
};

/** Data in chunks, as an SDK frames it. */
function framed(pieces: string[], options: { signed: boolean; trailers?: Record<string, string> }): string {
  const signature = options.signed ? `;chunk-signature=${'0'.repeat(64)}` : '';
  const chunks = [...pieces, ''].map(
    (piece) => `${Buffer.byteLength(piece).toString(16)}${signature}\r\n${piece && `${piece}\r\n`}`,
  );
  const trailers = Object.entries(options.trailers ?? {}).map(([name, value]) => `${name}:${value}\r\n`);
  return `${chunks.join('')}${trailers.join('')}\r\n`;
}

describe('aws-chunked bodies', () => {
  const content = 'hello, wörld';
  const put = (mode: string, body: string, headers: Record<string, string> = {}) =>
    send(s3.port, 'PUT', '/raw-bucket/framed', {
      body,
      headers: {
        'x-amz-content-sha256': mode,
        'x-amz-decoded-content-length': String(Buffer.byteLength(content)),
        'content-encoding': 'aws-chunked',
        ...headers,
      },
    });
  const pieces = ['hello, ', 'wörld'];
  const trailer = { 'x-amz-trailer': 'x-amz-checksum-crc32' };

  test.each([
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', framed(pieces, { signed: true }), {}],
    [
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      framed(pieces, { signed: false, trailers: { 'x-amz-checksum-crc32': crcOf(content) } }),
      trailer,
    ],
    [
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      framed(pieces, {
        signed: true,
        trailers: { 'x-amz-checksum-crc32': crcOf(content), 'x-amz-trailer-signature': '0'.repeat(64) },
      }),
      trailer,
    ],
    [
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      `c\r\nhello, wörl\r\n1\r\nd\r\n0\r\nx-amz-checksum-crc32: ${crcOf(content)}\n\r\n\r\n`,
      trailer,
    ],
  ])('%s is stored without its framing', async (mode, body, headers) => {
    expect(await put(mode, body, headers)).toMatchObject({ status: 200 });
    expect(await readFile(join(s3.folder, 'raw-bucket/framed'), 'utf8')).toBe(content);
    const got = await send(s3.port, 'GET', '/raw-bucket/framed');
    expect(got).toMatchObject({ status: 200, body: content });
    expect(got.headers['content-encoding']).toBeUndefined();
  });

  test.each([
    [
      'a wrong checksum in the trailer',
      framed(pieces, { signed: false, trailers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }),
      'BadDigest',
    ],
    ['no trailer where one is announced', framed(pieces, { signed: false }), 'MalformedTrailerError'],
    ['no last chunk', '7\r\nhello, \r\n6\r\nwörld\r\n', 'IncompleteBody'],
    ['too little', framed(['hello'], { signed: false }), 'IncompleteBody'],
    ['too much', framed([...pieces, '!'], { signed: false }), 'IncompleteBody'],
    ['a length that is none', 'hello\r\n', 'InvalidRequest'],
    ['a chunk longer than its length', '3\r\nhello, \r\n0\r\n\r\n', 'InvalidRequest'],
  ])('%s is refused, and changes nothing', async (_, body, code) => {
    await send(s3.port, 'PUT', '/raw-bucket/framed', { body: 'before' });
    const refused = await put('STREAMING-UNSIGNED-PAYLOAD-TRAILER', body, trailer);
    expect([refused.status, errorCodeOf(refused)]).toEqual([400, code]);
    expect((await send(s3.port, 'GET', '/raw-bucket/framed')).body).toBe('before');
    expect(await filesBelow(join(s3.metaFolder, 'tmp'))).toEqual([]);
  });

  test('are decoded whatever pieces they come in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, unit: anyCharacter })),
        fc.array(fc.nat(40)),
        fc.boolean(),
        (data, cuts, signed) => {
          const body = Buffer.from(framed(data, { signed, trailers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }));
          const decoder = createAwsChunkedDecoder();
          const decoded: Buffer[] = [];
          let at = 0;
          for (const cut of [...cuts, body.length]) {
            decoded.push(...decoder.push(body.subarray(at, at + cut)));
            at += cut;
          }
          expect(Buffer.concat(decoded).equals(Buffer.from(data.join('')))).toBe(true);
          expect(decoder.end()).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' });
        },
      ),
    );
  });
});

describe('other bodies', () => {
  test('must have the SHA-256 that was signed', async () => {
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const put = (headers: Record<string, string>) => send(s3.port, 'PUT', '/raw-bucket/sha', { body: 'text', headers });
    expect((await put({ 'x-amz-content-sha256': sha256('text') })).status).toBe(200);
    expect(errorCodeOf(await put({ 'x-amz-content-sha256': sha256('other') }))).toBe('XAmzContentSHA256Mismatch');
    expect(errorCodeOf(await put({ 'content-md5': 'no MD5' }))).toBe('InvalidDigest');
    expect(errorCodeOf(await put({ 'x-amz-checksum-crc32': 'AAA=' }))).toBe('InvalidRequest');
    expect(errorCodeOf(await put({ 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' }))).toBe('NotImplemented');
  });

  test('must say how long they are, and be no longer than 5 GiB', async () => {
    const chunked = await send(s3.port, 'PUT', '/raw-bucket/k', {
      body: 'x',
      headers: { 'transfer-encoding': 'chunked' },
    });
    expect([chunked.status, errorCodeOf(chunked)]).toEqual([411, 'MissingContentLength']);
    const answer = await rawExchange(
      s3.port,
      `PUT /raw-bucket/k HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${6 * 1024 ** 3}\r\nconnection: close\r\n\r\n`,
    );
    expect(answer).toContain('<Code>EntityTooLarge</Code>');
  });

  test('that end in the middle leave nothing behind', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(s3.port, '127.0.0.1', () => {
        socket.write(
          'PUT /raw-bucket/cut HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\nonly this',
          () => {
            setTimeout(() => socket.destroy(), 50);
          },
        );
      });
      socket.on('close', () => resolve());
    });
    for (let i = 0; i < 100 && (await filesBelow(join(s3.metaFolder, 'tmp'))).length > 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await filesBelow(join(s3.metaFolder, 'tmp'))).toEqual([]);
    expect((await send(s3.port, 'GET', '/raw-bucket/cut')).status).toBe(404);
  });
});

function rawExchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (piece) => {
      answer += piece.toString('utf8');
      if (answer.includes('</Error>')) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

describe('addresses', () => {
  test('no path leads out of the bucket', async () => {
    await writeFile(join(s3.root, 'secret'), 'secret');
    for (const path of [
      '/..%2Fsecret',
      '/../secret',
      '/raw-bucket/..%2F..%2Fsecret',
      '/raw-bucket/../../secret',
      '/raw-bucket/%2e%2e/%2e%2e/secret',
      '/%2e%2e/secret',
      '/raw-bucket//../../secret',
    ]) {
      const got = await send(s3.port, 'GET', path);
      expect([400, 404]).toContain(got.status);
      const written = await send(s3.port, 'PUT', path, { body: 'overwritten' });
      expect([200, 400]).toContain(written.status);
      if (written.status === 200) expect((await send(s3.port, 'DELETE', path)).status).toBe(204);
    }
    const copy = await send(s3.port, 'PUT', '/raw-bucket/copy', { headers: { 'x-amz-copy-source': '..%2Fsecret' } });
    expect(errorCodeOf(copy)).toBe('InvalidBucketName');
    expect(await readFile(join(s3.root, 'secret'), 'utf8')).toBe('secret');
    const outside = (await filesBelow(s3.root)).filter((name) => !/^(s3\/raw-bucket|s3-meta)\//.test(name));
    expect(outside).toEqual(['secret']);
  });

  test('a symbolic link is no object', async () => {
    await mkdir(join(s3.folder, 'raw-bucket'), { recursive: true });
    await symlink(join(s3.root, 'secret'), join(s3.folder, 'raw-bucket', 'link'));
    expect(errorCodeOf(await send(s3.port, 'GET', '/raw-bucket/link'))).toBe('NoSuchKey');
    expect((await send(s3.port, 'GET', '/raw-bucket?list-type=2&prefix=link')).body).toContain(
      '<KeyCount>0</KeyCount>',
    );
  });

  test('may have the bucket in the host name', async () => {
    for (const host of [
      'raw-bucket.localhost:4566',
      'raw-bucket.s3.localhost:4566',
      'raw-bucket.s3.us-east-1.localhost',
    ]) {
      expect((await send(s3.port, 'PUT', '/virtual/key', { headers: { host }, body: host })).status).toBe(200);
      expect((await send(s3.port, 'GET', '/raw-bucket/virtual/key')).body).toBe(host);
    }
    expect((await send(s3.port, 'GET', '/', { headers: { host: 's3.localhost:4566' } })).body).toContain(
      'ListAllMyBucketsResult',
    );
  });

  test('bad ones get an error with its code', async () => {
    const code = async (method: string, path: string) => errorCodeOf(await send(s3.port, method, path));
    expect(await code('PUT', '/Bad_Bucket')).toBe('InvalidBucketName');
    expect(await code('PUT', '/192.168.0.1')).toBe('InvalidBucketName');
    expect(await code('GET', '/raw-bucket/%ff')).toBe('InvalidURI');
    expect(await code('GET', `/raw-bucket/${'k'.repeat(1025)}`)).toBe('KeyTooLongError');
    expect(await code('GET', '/raw-bucket/nothing')).toBe('NoSuchKey');
    expect(await code('PATCH', '/raw-bucket/nothing')).toBe('MethodNotAllowed');
    expect(await code('POST', '/raw-bucket/nothing')).toBe('MethodNotAllowed');
    expect(await code('GET', '/raw-bucket?list-type=2&max-keys=many')).toBe('InvalidArgument');
    expect(await code('GET', '/raw-bucket?tagging')).toBe('NotImplemented');
    expect((await send(s3.port, 'GET', '/raw-bucket/k?tagging')).body).toContain('GetObjectTagging is not implemented');
    expect(await code('POST', '/raw-bucket?delete')).toBe('InvalidRequest');
  });

  test('presigned ones work until they expire', async () => {
    const at = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
    const signed = (ms: number) =>
      `/raw-bucket/presigned?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=${at(ms)}&X-Amz-Expires=60&X-Amz-Signature=00&x-amz-meta-from=url&x-amz-checksum-crc32=AAAAAA%3D%3D`;
    expect((await send(s3.port, 'PUT', signed(Date.now()), { body: 'through a URL' })).status).toBe(200);
    const got = await send(s3.port, 'GET', signed(Date.now()));
    expect(got).toMatchObject({ status: 200, body: 'through a URL', headers: { 'x-amz-meta-from': 'url' } });
    const late = await send(s3.port, 'GET', signed(Date.now() - 120_000));
    expect([late.status, errorCodeOf(late)]).toEqual([403, 'AccessDenied']);
  });
});

describe('concurrency', () => {
  test('of many puts of one key, the one that is left is whole', async () => {
    const bodies = Array.from({ length: 12 }, (_, i) => String.fromCharCode(97 + i).repeat(200_000 + i));
    await Promise.all(bodies.map((body) => send(s3.port, 'PUT', '/raw-bucket/contended', { body })));
    const reads = await Promise.all(Array.from({ length: 5 }, () => send(s3.port, 'GET', '/raw-bucket/contended')));
    for (const { body, headers } of reads) {
      expect(bodies).toContain(body);
      expect(headers.etag).toBe(`"${createHash('md5').update(body).digest('hex')}"`);
    }
  });

  test('a reader sees one version whole, with its own metadata, while others replace it', async () => {
    let isOver = false;
    const write = async () => {
      for (let i = 0; i < 20; i++) {
        const body = String(i % 10).repeat(1 + (i % 3) * 30_000);
        await send(s3.port, 'PUT', '/raw-bucket/replaced', { body, headers: { 'x-amz-meta-digit': String(i % 10) } });
      }
      isOver = true;
    };
    await send(s3.port, 'PUT', '/raw-bucket/replaced', { body: '0', headers: { 'x-amz-meta-digit': '0' } });
    const read = async () => {
      while (!isOver) {
        const { body, headers } = await send(s3.port, 'GET', '/raw-bucket/replaced');
        expect(headers.etag).toBe(`"${createHash('md5').update(body).digest('hex')}"`);
        expect(new Set(body)).toEqual(new Set(headers['x-amz-meta-digit']));
      }
    };
    await Promise.all([write(), read(), read()]);
  });

  test('puts and deletes that share folders neither fail nor leave empty ones', async () => {
    const keys = ['t', 't/u', 't/u/v', 't/u/v/w', 't/x'];
    await Promise.all(
      keys.map(async (key) => {
        for (let i = 0; i < 8; i++) {
          expect((await send(s3.port, 'PUT', `/raw-bucket/${key}`, { body: `${key} ${i}` })).status).toBe(200);
          expect((await send(s3.port, 'GET', `/raw-bucket/${key}`)).body).toBe(`${key} ${i}`);
          expect((await send(s3.port, 'DELETE', `/raw-bucket/${key}`)).status).toBe(204);
        }
      }),
    );
    expect((await send(s3.port, 'GET', '/raw-bucket?list-type=2&prefix=t')).body).toContain('<KeyCount>0</KeyCount>');
  });
});

describe('checksums', () => {
  test('are those that their standards give for 123456789, whatever pieces it comes in', () => {
    for (const [create, value] of [
      [ourCrc32, 'cbf43926'],
      [crc32c, 'e3069283'],
      [crc64nvme, 'ae8b14860a799888'],
    ] as const) {
      const whole = create();
      whole.update(Buffer.from('123456789'));
      const pieces = create();
      for (const piece of ['1', '', '2345', '67', '89']) pieces.update(Buffer.from(piece));
      expect([whole.digest().toString('hex'), pieces.digest().toString('hex')]).toEqual([value, value]);
    }
  });
});

describe('XML of requests', () => {
  test('is read with namespaces, entities and CDATA', () => {
    const root = parseXml(
      '<?xml version="1.0"?><!-- c --><s:Delete xmlns:s="x" a=">"><Object><Key>a&amp;&#x1F600;<![CDATA[<b>]]></Key></Object><Quiet/></s:Delete>',
    );
    expect(root).toMatchObject({
      name: 'Delete',
      children: [
        { name: 'Object', children: [{ name: 'Key', text: 'a&😀<b>' }] },
        { name: 'Quiet', text: '' },
      ],
    });
  });

  test.each([
    '',
    'text',
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<a>&unknown;</a>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<a',
    '<a>&#x110000;</a>',
  ])('that is none is refused: %s', (text) => {
    expect(() => parseXml(text)).toThrow(/not well-formed/);
  });
});
