import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { needs } from '@millrace/testing/needs';
import { filesBelow, startS3, type TestS3 } from './s3-helpers.js';

needs('aws-cli').describe('the AWS CLI', () => {
  let s3: TestS3;
  beforeAll(async () => {
    s3 = await startS3();
    await mkdir(join(s3.root, 'up', 'page=books', 'event=x'), { recursive: true });
    await writeFile(join(s3.root, 'up', 'page=books', 'event=x', 'a b+c.gz'), 'one');
    await writeFile(join(s3.root, 'up', 'top'), 'two');
    // Above 8 MB, the CLI uploads in parts.
    await writeFile(join(s3.root, 'up', 'large'), Buffer.alloc(9 * 1024 * 1024, 'x'));
  });
  afterAll(() => s3.stop());

  async function aws(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('aws', args, {
      env: {
        PATH: process.env.PATH,
        HOME: s3.root,
        AWS_ENDPOINT_URL: s3.endpoint,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_PAGER: '',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    return stdout;
  }

  test('makes a bucket, copies a folder up, lists it, copies it down, removes it', async () => {
    await aws('s3', 'mb', 's3://cli-bucket');
    await aws('s3', 'cp', '--recursive', join(s3.root, 'up'), 's3://cli-bucket/');
    const listed = await aws('s3', 'ls', 's3://cli-bucket/', '--recursive');
    expect(
      listed
        .trim()
        .split('\n')
        .map((line) => line.slice(20).trim()),
    ).toEqual(['9437184 large', '3 page=books/event=x/a b+c.gz', '3 top']);
    expect(await aws('s3', 'ls', 's3://cli-bucket/')).toContain('PRE page=books/');
    await aws('s3', 'cp', '--recursive', 's3://cli-bucket/', join(s3.root, 'down'));
    expect(await readFile(join(s3.root, 'down', 'page=books', 'event=x', 'a b+c.gz'), 'utf8')).toBe('one');
    expect((await readFile(join(s3.root, 'down', 'large'))).equals(await readFile(join(s3.root, 'up', 'large')))).toBe(
      true,
    );
    await aws('s3', 'mv', 's3://cli-bucket/large', 's3://cli-bucket/moved');
    const head = JSON.parse(await aws('s3api', 'head-object', '--bucket', 'cli-bucket', '--key', 'moved')) as object;
    expect(head).toMatchObject({ ContentLength: 9437184 });
    const page = JSON.parse(await aws('s3api', 'list-objects-v2', '--bucket', 'cli-bucket', '--page-size', '1')) as {
      Contents: { Key: string }[];
    };
    expect(page.Contents.map(({ Key }) => Key)).toEqual(['moved', 'page=books/event=x/a b+c.gz', 'top']);
    await aws('s3', 'rm', '--recursive', 's3://cli-bucket/');
    // It would refuse a bucket that is not empty.
    await aws('s3', 'rb', 's3://cli-bucket');
    expect(await filesBelow(s3.folder)).toEqual([]);
  });
});
