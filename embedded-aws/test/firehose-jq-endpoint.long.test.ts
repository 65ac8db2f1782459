import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose';
import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { type Aws, readBucket, startAws } from './firehose-aws.js';
import { destination } from './firehose-fakes.js';
import { bombs } from './jq-bombs.js';

let folder: string;
let aws: Aws;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-jq-'));
  aws = await startAws(folder);
});
afterEach(async () => {
  await aws.kill();
  await rm(folder, { recursive: true, maxRetries: 3 });
});

const nameOf = (n: number) => `stream-${n}`;

async function create(jq: string, n: number): Promise<void> {
  const parameters = {
    MetadataExtractionQuery: `{page:(if .bad then (${jq}) else .page end)}`,
    JsonParsingEngine: 'JQ-1.6',
  };
  await aws.firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: nameOf(n),
      ExtendedS3DestinationConfiguration: {
        ...destination,
        Prefix: `good/${nameOf(n)}/page=!{partitionKeyFromQuery:page}/`,
        ErrorOutputPrefix: `errors/${nameOf(n)}/!{firehose:error-output-type}/`,
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [
            {
              Type: 'MetadataExtraction',
              Parameters: Object.entries(parameters).map(([ParameterName, ParameterValue]) => ({
                ParameterName,
                ParameterValue,
              })),
            },
            { Type: 'AppendDelimiterToRecord' },
          ],
        },
      } as ExtendedS3DestinationConfiguration,
    }),
  );
  await eventually(`${nameOf(n)} to be ACTIVE`, async () => {
    const { DeliveryStreamDescription } = await aws.firehose.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: nameOf(n) }),
    );
    return DeliveryStreamDescription!.DeliveryStreamStatus === 'ACTIVE';
  });
}

/** Five records, of which the second and the fourth are bad. */
async function put(n: number): Promise<void> {
  const Records = [1, 2, 3, 4, 5].map((record) => ({
    Data: Buffer.from(JSON.stringify({ page: 'books', record, ...(record % 2 ? {} : { bad: true }) })),
  }));
  const DeliveryStreamName = nameOf(n);
  await aws.firehose.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }));
}

/** How long the endpoint takes to answer, in milliseconds, while `work` goes on. */
async function latencies(work: () => Promise<unknown>): Promise<number[]> {
  const found: number[] = [];
  let working = true;
  const done = work().finally(() => {
    working = false;
  });
  while (working) {
    const begun = performance.now();
    await aws.firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: nameOf(0) }));
    found.push(performance.now() - begun);
    await new Promise((later) => setTimeout(later, 20));
  }
  await done;
  return found.sort((a, b) => a - b);
}

/** Every stream has both kinds of objects: asked by one call, which costs the endpoint little. */
const begunAll = () =>
  eventually(
    'objects of each stream',
    async () => {
      const { Contents = [] } = await aws.s3.send(new ListObjectsV2Command({ Bucket: 'lake' }));
      const folders = new Set(Contents.map(({ Key }) => Key!.split('/', 2).join('/')));
      return folders.size === 2 * bombs.length;
    },
    600_000,
  );

async function lines() {
  const found = { good: 0, errors: 0 };
  for (const object of await readBucket(aws))
    found[object.key.startsWith('good/') ? 'good' : 'errors'] += object.lines.length;
  return found;
}

/** Of a percentage of the sorted times, the longest. */
const within = (times: number[], part: number) => Math.round(times[Math.floor((times.length - 1) * part)]!);

function tell(when: string, times: number[]): void {
  console.log(
    `${when}: ${times.length} answers, median ${within(times, 0.5)}, p95 ${within(times, 0.95)}, longest ${within(times, 1)} ms`,
  );
  expect(within(times, 0.95)).toBeLessThan(100);
}

test(`${bombs.length} delivery streams by filters that never end: the endpoint answers, also after kill -9, and each filter costs its records`, async () => {
  await aws.s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  await Promise.all(bombs.map(({ jq }, n) => create(jq, n)));
  tell(
    'at first',
    await latencies(async () => {
      await Promise.all(bombs.map((_, n) => put(n)));
      await begunAll();
    }),
  );
  await eventually('all of it', async () => {
    const { good, errors } = await lines();
    return good === 3 * bombs.length && errors === 2 * bombs.length;
  });
  await Promise.all(bombs.map((_, n) => put(n)));
  await aws.kill();
  aws = await startAws(folder);
  // Those from before the kill: some may come again.
  const all = async () => {
    const { good, errors } = await lines();
    return good >= 6 * bombs.length && errors >= 4 * bombs.length;
  };
  tell('after kill -9', await latencies(() => eventually('all of it, twice', all, 600_000)));
}, 1_800_000);
