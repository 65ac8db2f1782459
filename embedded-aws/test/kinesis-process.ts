import { startKinesis } from './kinesis-support.js';

// The embedded Kinesis in a process of its own, for tests that kill it: `node kinesis-process.js FOLDER` prints its address.
const { endpoint } = await startKinesis({
  folder: process.argv[2]!,
  shardReadsPerSecond: 1e9,
  shardReadBytesPerSecond: 1e12,
  shardRecordsPerSecond: 1e9,
  shardBytesPerSecond: 1e12,
});
process.stdout.write(`${endpoint.url}\n`);
