/** The embedded AWS alone in a process, for tests that kill it: `node firehose-aws-process.js FOLDER TIME_SCALE`. Says its address. */
import { join } from 'node:path';
import { startEndpoint } from '../src/endpoint.js';
import { embeddedPorts } from '../src/firehose/embedded-ports.js';
import { openFirehose } from '../src/firehose/index.js';
import { openKinesis } from '../src/kinesis/index.js';
import { openS3 } from '../src/s3/index.js';

const [folder, timeScale] = process.argv.slice(2) as [string, string];
const log = (line: string) => console.error(line);
// What is tested is not the shards' limits: tests must not wait for them.
const unlimited = { shardRecordsPerSecond: 1e9, shardBytesPerSecond: 1e9 };

const kinesis = await openKinesis({ folder: join(folder, 'kinesis'), log, ...unlimited });
const s3 = await openS3({ folder: join(folder, 's3'), metaFolder: join(folder, 's3-meta'), log });
const firehose = await openFirehose({
  folder: join(folder, 'firehose'),
  ports: embeddedPorts(kinesis, s3),
  timeScale: Number(timeScale),
  log,
});
const endpoint = await startEndpoint({ port: 0, services: [kinesis, firehose, s3], log });
firehose.start();
console.log(endpoint.url);

process.once('SIGTERM', async () => {
  await firehose.close();
  await endpoint.close();
  await Promise.all([kinesis.close(), s3.close()]);
});
