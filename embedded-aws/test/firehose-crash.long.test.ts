import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { CreateDeliveryStreamCommand, type CreateDeliveryStreamCommandInput } from '@aws-sdk/client-firehose';
import { CreateStreamCommand, PutRecordsCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { expect, test } from '@jest/globals';
import { createRandom } from '@millrace/kit/seeded-random';
import { diskFolder } from '@millrace/testing/disk-folder';
import { startAws } from './firehose-aws.js';
import { destination } from './firehose-fakes.js';

/**
 * `kill -9` at random moments while events come: MILLRACE_CRASH_KILLS (200) of them over MILLRACE_CRASH_EVENTS (500,000) events in 240
 * partitions. Other seeds make other moments.
 */
const kills = Number(process.env.MILLRACE_CRASH_KILLS ?? 200);
const events = Number(process.env.MILLRACE_CRASH_EVENTS ?? 500_000);
const random = createRandom(process.env.MILLRACE_CRASH_SEED ?? '1');

const eventsEach = 250;
const pages = Array.from({ length: 20 }, (_, n) => `page_${n}`);
const names = Array.from({ length: 12 }, (_, n) => `event_${n}`);
const partition = (seq: number) => ({
  page: pages[seq % pages.length]!,
  event: names[Math.floor(seq / 7) % names.length]!,
});

/** Events without a gap in their numbers, packed by the record. */
const record = (first: number, count: number) => ({
  PartitionKey: `v${Math.floor(first / eventsEach) % 16}`,
  Data: Buffer.from(
    Array.from({ length: count }, (_, n) => JSON.stringify({ ...partition(first + n), seq: first + n })).join('\n'),
  ),
});

/** The objects, from the files that they are: asking S3 for thousands of them would be most of the work. */
async function keysIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(folder, 's3', 'lake'), { recursive: true });
  return entries.filter((entry) => entry.endsWith('.gz'));
}

test('killed at random moments it loses nothing, every object is whole, and what comes twice was on its way to S3', async () => {
  const folder = await mkdtemp(join(diskFolder(), 'millrace-crash-'));
  let aws = await startAws(folder);
  try {
    await aws.kinesis.send(new CreateStreamCommand({ StreamName: 'clicks', ShardCount: 4 }));
    await waitUntilStreamExists({ client: aws.kinesis, maxWaitTime: 20 }, { StreamName: 'clicks' });
    await aws.s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
    await aws.firehose.send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: 'clicks-to-lake',
        DeliveryStreamType: 'KinesisStreamAsSource',
        KinesisStreamSourceConfiguration: {
          KinesisStreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
          RoleARN: destination.RoleARN,
        },
        ExtendedS3DestinationConfiguration:
          destination as CreateDeliveryStreamCommandInput['ExtendedS3DestinationConfiguration'],
      }),
    );
    let put = 0;
    for (let round = 0; round < kills; round++) {
      const until = Math.round(((round + 1) * events) / kills);
      const Records: ReturnType<typeof record>[] = [];
      for (; put < until; put += Math.min(eventsEach, until - put))
        Records.push(record(put, Math.min(eventsEach, until - put)));
      // Acknowledged before the kill, so that what comes twice was not put twice.
      const { FailedRecordCount } = await aws.kinesis.send(new PutRecordsCommand({ StreamName: 'clicks', Records }));
      expect(FailedRecordCount).toBe(0);
      // In the midst of delivery: after so many more objects, or when no more come. On a slow machine as on a fast one.
      const before = (await keysIn(folder)).length;
      const wanted = random.integer(0, 300);
      for (const giveUpMs = Date.now() + 5_000; Date.now() < giveUpMs; await sleep(10))
        if ((await keysIn(folder)).length >= before + wanted) break;
      await aws.kill();
      aws = await startAws(folder);
    }

    const copies = new Map<number, number>();
    const read = new Set<string>();
    let largest = 0;
    // Until all is there, or nothing more has come for a long while: how fast it comes is the machine's.
    for (let lastNewMs = Date.now(); copies.size < events && Date.now() - lastNewMs < 120_000; await sleep(200))
      for (const key of await keysIn(folder)) {
        if (read.has(key)) continue;
        read.add(key);
        lastNewMs = Date.now();
        const lines = gunzipSync(await readFile(join(folder, 's3', 'lake', key)))
          .toString()
          .trimEnd()
          .split('\n');
        largest = Math.max(largest, lines.length);
        for (const line of lines) {
          const { seq, page, event } = JSON.parse(line) as { seq: number; page: string; event: string };
          expect(key.startsWith(`page=${page}/event=${event}/`)).toBe(true);
          copies.set(seq, (copies.get(seq) ?? 0) + 1);
        }
      }
    const repeated = [...copies.values()].reduce((sum, count) => sum + count - 1, 0);
    const partitions = new Set(Array.from({ length: events }, (_, seq) => Object.values(partition(seq)).join())).size;
    console.log(
      `${kills} kills over ${events} events in ${partitions} partitions: ${events - copies.size} lost, ` +
        `${repeated} came twice (${((100 * repeated) / events).toFixed(2)} %), ${read.size} objects`,
    );
    expect(copies.size).toBe(events);
    // Eight objects at most are on their way at a time; each may come twice, and as many as came since the position was last stored.
    expect(repeated).toBeLessThanOrEqual(kills * 16 * largest);
  } finally {
    await aws.kill();
    await rm(folder, { recursive: true, maxRetries: 3 });
  }
}, 3_600_000);
