import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openSelectLake } from '@millrace/lake/s3-select';
import { type Sandbox, sandbox } from './support/millrace.js';

const Bucket = 'millrace-lake';
const books = 'page=books/event=clicked_review/';
const lines = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

describe('millrace query --s3-select', () => {
  let box: Sandbox;
  let url: string;
  beforeAll(async () => {
    box = sandbox();
    url = (await box.serve(['aws', '--port', '0'], ['aws'])).url('aws');
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const s3 = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials });
    await s3.send(new CreateBucketCommand({ Bucket })).catch(() => undefined);
    const put = (Key: string, Body: string | Buffer) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    await put(`${books}a.json.gz`, gzipSync(lines({ event_id: 'a', item_id: 1 }, { event_id: 'b', item_id: 2 })));
    await put(`${books}b.json.gz`, gzipSync(lines({ event_id: 'c', item_id: 3 }, { event_id: 'd', title: 'ä' })));
    await put(`${books}c.json`, lines({ event_id: 'e', item_id: 5 }));
    await put('page=food/event=liked_item/x.json.gz', gzipSync(lines({ event_id: 'f' })));
    s3.destroy();
  }, 120_000);
  afterAll(() => box.remove());

  const query = (place: string, sql: string, ...more: string[]) =>
    box.run(['query', '--s3-select', place, sql, ...more]);

  test('the walkthrough’s query of five records: over all objects of a partition, gzipped or not, and no further', async () => {
    const all = await query(`s3://${Bucket}/${books}`, 'SELECT * FROM s3object s LIMIT 5');
    expect(all).toMatchObject({ code: 0 });
    expect(
      all.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).event_id),
    ).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(all.stderr).toMatch(/^S3 Select scanned \d+ B in 3 objects and returned \d+ B\n$/);

    const three = await query(`s3://${Bucket}/${books}`, 'select s.event_id from s3object s limit 3;');
    expect(three.stdout).toBe('{"event_id":"a"}\n{"event_id":"b"}\n{"event_id":"c"}\n');
    expect(three.stderr).toContain('in 2 objects');
  });

  test('a table has the columns that the rows have', async () => {
    const { stdout } = await query(`s3://${Bucket}/${books}b`, 'select * from s3object s', '--table');
    expect(stdout).toMatch(/event_id.*item_id.*title/);
    expect(stdout).toMatch(/d\s.*NULL.*ä/);
    expect(stdout).toContain('2 rows');
  });

  test('an aggregate over several objects is told to be one for each', async () => {
    const counted = await query(`s3://${Bucket}/${books}`, 'select count(*) as n from s3object s');
    expect(counted.stdout).toBe('{"n":2}\n{"n":2}\n{"n":1}\n');
    expect(counted.stderr).toContain('one row an object');
    const one = await query(`s3://${Bucket}/${books}c.json`, 'select count(*) as n from s3object s');
    expect(one.stderr).not.toContain('one row an object');
  });

  test('a place without objects, a wrong place, wrong SQL and a bucket that is not there are named', async () => {
    const empty = await query(`s3://${Bucket}/page=toys/`, 'select * from s3object s');
    expect(empty).toMatchObject({ code: 4, stdout: '' });
    expect(empty.stderr).toContain('There is no object under s3://millrace-lake/page=toys/');
    expect(await query('books', 'select 1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--s3-select: invalid prefix "books"'),
    });
    const wrong = await query(`s3://${Bucket}/${books}`, 'select from');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(
      /S3 Select failed for s3:\/\/millrace-lake\/page=books\/event=clicked_review\/a\.json\.gz: \w+/,
    );
    const gone = await query('s3://no-such-bucket/', 'select * from s3object s');
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('NoSuchBucket') });
  });
});

/** An S3 that lists one object and answers the selection as given. */
async function answering(status: number, body: string | Buffer) {
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/xml');
    if (request.method === 'GET')
      response.end(
        '<?xml version="1.0"?><ListBucketResult><KeyCount>1</KeyCount><Contents><Key>page=x/a.json.gz</Key></Contents></ListBucketResult>',
      );
    else response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const lake = openSelectLake({
    bucket: 'lake',
    prefix: 'page=',
    s3Config: { endpoint, region: 'us-east-1', forcePathStyle: true, credentials },
  });
  return {
    query: () => lake.query('select * from s3object s'),
    async close() {
      await lake.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('where S3 Select does not answer', () => {
  test('an account that it is closed to is told what does the same', async () => {
    const s3 = await answering(
      405,
      '<?xml version="1.0"?><Error><Code>MethodNotAllowed</Code><Message>The specified method is not allowed against this resource.</Message></Error>',
    );
    const failing = s3.query();
    await expect(failing).rejects.toMatchObject({ code: 'AWS_CALL_FAILED' });
    await expect(failing).rejects.toThrow(
      /^S3 Select is not available to this account \(MethodNotAllowed\).*Use Athena instead: millrace query --workgroup NAME/,
    );
    await s3.close();
  });

  test('an answer that ends too soon is none', async () => {
    const s3 = await answering(200, Buffer.alloc(0));
    await expect(s3.query()).rejects.toThrow(
      'the answer of S3 Select for s3://lake/page=x/a.json.gz ended early: run the query again',
    );
    await s3.close();
  });
});
