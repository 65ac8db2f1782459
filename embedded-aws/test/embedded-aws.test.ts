import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketFolder, startEmbeddedAws } from '@millrace/embedded-aws';
import { eventually } from '@millrace/testing/eventually';
import { clientsOf, createClicksToLake, deliverOneClick, putClick } from './embedded-aws-click.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedded-aws-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('startEmbeddedAws in a Jest suite', () => {
  test('without options it takes a free port and a temporary folder, delivers, and stop() removes the folder', async () => {
    const aws = await startEmbeddedAws();
    expect(aws).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    expect(existsSync(aws.state)).toBe(true);
    expect(await deliverOneClick(aws, 'books')).toBe('{"page":"books","event":"liked_item"}');
    await Promise.all([aws.stop(), aws.stop()]);
    expect(existsSync(aws.state)).toBe(false);
    await expect(fetch(aws.url)).rejects.toThrow();
  });

  test('stop() delivers what is buffered, into the folder that was given', async () => {
    const aws = await startEmbeddedAws({ state: folder, timeScale: 1 });
    const clients = clientsOf(aws);
    await createClicksToLake(clients, aws.region);
    const click = await putClick(clients, 'books');
    clients.destroy();
    // The interval is a minute here, so what was read waits in a buffer.
    await eventually('the delivery stream to read the click', async () =>
      /^aws_firehose_data_read_from_kinesis_stream_records_total\{.*\} 1$/m.test(
        await (await fetch(`${aws.url}/metrics`)).text(),
      ),
    );
    await aws.stop();
    const partition = join(bucketFolder(folder, 'lake'), 'page=books');
    const [object] = await readdir(partition);
    expect(await readFile(join(partition, object!), 'utf8')).toBe(click);
  });

  test('two run side by side, and when both have stopped the process ends by itself', async () => {
    const program = fileURLToPath(new URL('embedded-aws-process.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', program], { timeout: 50_000 });
    const { delivered, urls, folders } = JSON.parse(stdout);
    expect(delivered).toEqual(['{"page":"page_0","event":"liked_item"}', '{"page":"page_1","event":"liked_item"}']);
    expect(new Set(urls).size).toBe(2);
    expect(folders.map((path: string) => existsSync(path))).toEqual([false, true]);
    await rm(folders[1], { recursive: true });
  });

  test('a port that is taken is named, and nothing stays open or on disk', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startEmbeddedAws({ port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken by another program.`);
    await expect(startEmbeddedAws({ port, state: folder })).rejects.toThrow('is taken by another program.');
    await new Promise((resolve) => other.close(resolve));
    await (await startEmbeddedAws({ port, state: folder })).stop();
  });

  test('with deliveryEndpoint, delivery reads from another Kinesis and writes to another S3', async () => {
    const other = await startEmbeddedAws();
    const aws = await startEmbeddedAws({ deliveryEndpoint: other.url });
    const here = clientsOf(aws);
    const there = clientsOf(other);
    await createClicksToLake({ ...there, firehose: here.firehose }, aws.region);
    const click = await putClick(there, 'food');
    const folderOfPage = join(bucketFolder(other.state, 'lake'), 'page=food');
    await eventually('an object of the other S3', () => existsSync(folderOfPage));
    const [object] = await readdir(folderOfPage);
    expect(await readFile(join(folderOfPage, object!), 'utf8')).toBe(click);
    expect(existsSync(bucketFolder(aws.state, 'lake'))).toBe(false);
    for (const clients of [here, there]) clients.destroy();
    await aws.stop();
    await other.stop();
  });

  test('a start that fails at a damaged file leaves the folder free for the next', async () => {
    await mkdir(join(folder, 'firehose'));
    await writeFile(join(folder, 'firehose', 'delivery-streams.json'), 'damaged');
    await expect(startEmbeddedAws({ state: folder })).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
    await rm(join(folder, 'firehose'), { recursive: true });
    await (await startEmbeddedAws({ state: folder })).stop();
  });
});
