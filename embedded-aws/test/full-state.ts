import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateDeliveryStreamCommand, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { type EmbeddedAws, startEmbeddedAws } from '@millrace/embedded-aws';
import { eventually } from '@millrace/testing/eventually';
import { clientsOf, createClicksToLake } from './embedded-aws-click.js';

/** A state folder with files of every kind, of an embedded AWS that has stopped. */
export interface FullState {
  /** A copy of its own, with the files' times. */
  copy(): { folder: string; remove(): void };
  /** The kinds of files, each with the paths below the folder. */
  files: Record<string, string[]>;
  /** The folder itself. */
  whole: string;
  uploadId: string;
  remove(): void;
}

export const recordCount = 40;
/** What is in the upload's part, and in the object `plain`. */
export const content = 'a line\n'.repeat(300);

const kindOf: readonly (readonly [kind: string, path: RegExp])[] = [
  ['Kinesis streams', /^kinesis\/streams\.json$/],
  ['Kinesis records', /^kinesis\/records\/.*\.log$/],
  ['delivery streams', /^firehose\/delivery-streams\.json$/],
  ['positions', /^firehose\/positions\//],
  ['Direct PUT records', /^firehose\/direct-put\//],
  ['Glue databases', /^glue\/catalogue\.json$/],
  ['metadata of objects', /^s3\/\.meta\/objects\//],
  ['uploads in parts', /^s3\/\.meta\/uploads\//],
  ['objects', /^s3\/lake\//],
];

async function fill(aws: EmbeddedAws): Promise<string> {
  const clients = clientsOf(aws);
  await createClicksToLake(clients, aws.region);
  const RoleARN = 'arn:aws:iam::000000000000:role/any';
  await clients.firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'put-to-lake',
      ExtendedS3DestinationConfiguration: { RoleARN, BucketARN: 'arn:aws:s3:::lake', Prefix: 'put/' },
    }),
  );
  const data = (seq: number) => Buffer.from(`${JSON.stringify({ page: seq % 2 ? 'books' : 'food', seq })}\n`);
  const seqs = Array.from({ length: recordCount }, (_, seq) => seq);
  const Records = seqs.map((seq) => ({ PartitionKey: `visitor ${seq}`, Data: data(seq) }));
  await clients.kinesis.send(new PutRecordsCommand({ StreamName: 'clicks', Records }));
  await eventually('a delivery stream that takes records', () =>
    clients.firehose
      .send(
        new PutRecordBatchCommand({
          DeliveryStreamName: 'put-to-lake',
          Records: seqs.map((seq) => ({ Data: data(seq) })),
        }),
      )
      .then(
        () => true,
        () => false,
      ),
  );
  clients.destroy();
  await aws.catalogue.createDatabase({ Name: 'lake' });
  await aws.catalogue.createTable('lake', { Name: 'events', StorageDescriptor: { Columns: [] } });
  const put = (path: string) => fetch(`${aws.url}/lake/${path}`, { method: 'PUT', body: content });
  await put('plain');
  const created = await (await fetch(`${aws.url}/lake/in-parts?uploads`, { method: 'POST' })).text();
  const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(created)![1]!;
  await put(`in-parts?uploadId=${uploadId}&partNumber=1`);
  await eventually('everything to be delivered', async () => {
    const listed = await (await fetch(`${aws.url}/lake?list-type=2`)).text();
    return ['page=books', 'page=food', 'put/'].every((prefix) => listed.includes(`<Key>${prefix}`));
  });
  return uploadId;
}

/** Makes such a folder. */
export async function fullState(): Promise<FullState> {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-full-state-'));
  const folder = join(parent, 'whole');
  const aws = await startEmbeddedAws({ state: folder, timeScale: 600 });
  const uploadId = await fill(aws);
  await aws.stop();
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1));
  const files: Record<string, string[]> = Object.fromEntries(kindOf.map(([kind]) => [kind, []]));
  for (const path of all) {
    const kind = kindOf.find(([, pattern]) => pattern.test(path))?.[0];
    // Also of what nobody thought of.
    if (kind === undefined) throw new Error(`${path} is of no known kind`);
    if (readFileSync(join(folder, path)).length > 0) files[kind]!.push(path);
  }
  let copies = 0;
  return {
    files,
    whole: folder,
    uploadId,
    copy() {
      copies += 1;
      const copy = join(parent, String(copies));
      // Node's own copy rounds times to less than nanoseconds.
      execFileSync('cp', ['-a', folder, copy]);
      return { folder: copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
    },
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}
