import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AwsCli, openAwsCli } from '@millrace/testing/aws-cli';
import { needs } from '@millrace/testing/needs';
import { filesBelow, startS3, type TestS3 } from './s3-helpers.js';

needs('aws-cli').describe('the AWS CLI', () => {
  let s3: TestS3;
  let cli: AwsCli;
  beforeAll(async () => {
    s3 = await startS3();
    cli = await openAwsCli({ AWS_ENDPOINT_URL: s3.endpoint });
    await mkdir(join(s3.root, 'up', 'page=books', 'event=x'), { recursive: true });
    await writeFile(join(s3.root, 'up', 'page=books', 'event=x', 'a b+c.gz'), 'one');
    await writeFile(join(s3.root, 'up', 'top'), 'two');
    // Above 8 MB, the CLI uploads in parts.
    await writeFile(join(s3.root, 'up', 'large'), Buffer.alloc(9 * 1024 * 1024, 'x'));
  });
  afterAll(async () => {
    await cli?.close();
    await s3.stop();
  });

  test('makes a bucket, copies a folder up, lists it, copies it down, removes it', async () => {
    await cli.text('s3', 'mb', 's3://cli-bucket');
    await cli.text('s3', 'cp', '--recursive', join(s3.root, 'up'), 's3://cli-bucket/');
    const listed = await cli.text('s3', 'ls', 's3://cli-bucket/', '--recursive');
    expect(
      listed
        .trim()
        .split('\n')
        .map((line) => line.slice(20).trim()),
    ).toEqual(['9437184 large', '3 page=books/event=x/a b+c.gz', '3 top']);
    expect(await cli.text('s3', 'ls', 's3://cli-bucket/')).toContain('PRE page=books/');
    await cli.text('s3', 'cp', '--recursive', 's3://cli-bucket/', join(s3.root, 'down'));
    expect(await readFile(join(s3.root, 'down', 'page=books', 'event=x', 'a b+c.gz'), 'utf8')).toBe('one');
    expect((await readFile(join(s3.root, 'down', 'large'))).equals(await readFile(join(s3.root, 'up', 'large')))).toBe(
      true,
    );
    await cli.text('s3', 'mv', 's3://cli-bucket/large', 's3://cli-bucket/moved');
    const head = await cli.json('s3api', 'head-object', '--bucket', 'cli-bucket', '--key', 'moved');
    expect(head).toMatchObject({ ContentLength: 9437184 });
    const list = ['list-objects-v2', '--bucket', 'cli-bucket', '--page-size', '1'];
    const page = await cli.json<{ Contents: { Key: string }[] }>('s3api', ...list);
    expect(page.Contents.map(({ Key }) => Key)).toEqual(['moved', 'page=books/event=x/a b+c.gz', 'top']);
    await cli.text('s3', 'rm', '--recursive', 's3://cli-bucket/');
    // It would refuse a bucket that is not empty.
    await cli.text('s3', 'rb', 's3://cli-bucket');
    expect(await filesBelow(s3.folder)).toEqual([]);
  });
});
