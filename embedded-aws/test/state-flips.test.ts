import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type EmbeddedAws, startEmbeddedAws } from '@millrace/embedded-aws';
import { checkState } from '@millrace/embedded-aws/check-state';
import { createRandom, type Random } from '@millrace/kit/seeded-random';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { spoilFile } from '@millrace/testing/spoil-file';
import { clientsOf } from './embedded-aws-click.js';
import { content, type FullState, fullState, recordCount } from './full-state.js';

/** MILLRACE_FLIPS_SEED makes other flips. */
const seed = process.env.MILLRACE_FLIPS_SEED ?? '1';
const flips = inForm(10, 200);

let state: FullState;
beforeAll(async () => {
  state = await fullState();
});
afterAll(() => state?.remove());

/** The numbers of the events that the stream has. */
async function streamed(aws: EmbeddedAws): Promise<number[]> {
  const { kinesis, destroy } = clientsOf(aws);
  try {
    const place = { StreamName: 'clicks', ShardId: 'shardId-000000000000' };
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({ ...place, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    const { Records } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    return Records!.map(({ Data }) => JSON.parse(Buffer.from(Data!).toString()).seq);
  } finally {
    destroy();
  }
}

/** What cannot be read, with what was said of it; fails when something is read and is not as it was written. */
async function unreadable({ url }: EmbeddedAws, folder: string): Promise<string[]> {
  const failed: string[] = [];
  for (const path of state.files.objects!) {
    const key = path.slice('s3/lake/'.length);
    const answer = await fetch(`${url}/lake/${key}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (answer.status === 500) failed.push(bytes.toString());
    else expect([key, bytes.equals(readFileSync(join(folder, path)))]).toEqual([key, true]);
  }
  const etag = /"etag":"(\w+)"/.exec(readFileSync(join(state.whole, partFile()), 'utf8'))![1];
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
  const completed = await fetch(`${url}/lake/in-parts?uploadId=${state.uploadId}`, { method: 'POST', body });
  if (completed.status === 500) failed.push(await completed.text());
  else expect(await (await fetch(`${url}/lake/in-parts`)).text()).toBe(content);
  return failed;
}

const partFile = () => state.files['uploads in parts']!.find((path) => path.endsWith('/1.json'))!;
/** Damage in these stops the start: nothing can be made up for them. */
const stopsTheStart = ['Kinesis streams', 'delivery streams', 'positions', 'Glue databases'];

/** Flips the next bit in a copy; kinds take turns. */
function flipIn(folder: string, flip: number, random: Random): { kind: string; path: string; which: string } {
  const kinds = Object.keys(state.files);
  const kind = kinds[flip % kinds.length]!;
  const path = join(folder, random.pick(state.files[kind]!));
  const at = random.integer(0, readFileSync(path).length * 8 - 1);
  spoilFile(path, (bytes) => {
    bytes[at >> 3]! ^= 1 << (at & 7);
    return bytes;
  });
  return { kind, path, which: `seed ${seed}, flip ${flip}: bit ${at} of ${path}` };
}

/** What the check names: no more than one file. */
async function expectChecked(folder: string, path: string, which: string): Promise<number> {
  const { damaged, unknown } = await checkState(folder);
  expect([which, ...damaged.map(({ file }) => file), ...unknown]).toEqual([which, path]);
  return damaged[0]?.records ?? 0;
}

const isOfS3 = (kind: string) => ['objects', 'metadata of objects', 'uploads in parts'].includes(kind);

test(`a flipped bit anywhere in the state is named, its neighbours are read, and nothing else is lost${leavesOut('10 flips of 200')}`, async () => {
  const random = createRandom(seed);
  for (let flip = 0; flip < flips; flip++) {
    const { folder, remove } = state.copy();
    const { kind, path, which } = flipIn(folder, flip, random);
    const lost = await expectChecked(folder, path, which);
    const said: string[] = [];
    const log = (line: string) => void said.push(line);
    const started = await startEmbeddedAws({ state: folder, timeScale: 600, log }).catch((error: Error) => error);
    if (started instanceof Error) {
      expect([which, started.message]).toEqual([which, expect.stringContaining(path)]);
      expect([which, stopsTheStart]).toEqual([which, expect.arrayContaining([kind])]);
    } else {
      try {
        expect([which, stopsTheStart]).not.toEqual([which, expect.arrayContaining([kind])]);
        const seqs = await streamed(started);
        const read = recordCount - (kind === 'Kinesis records' ? lost : 0);
        expect([which, new Set(seqs).size, seqs.length]).toEqual([which, read, read]);
        const failed = await unreadable(started, folder);
        expect([which, failed.length]).toEqual([which, Number(isOfS3(kind))]);
        expect(started.catalogue.versions('lake', 'events')).toHaveLength(1);
        const name = kind === 'objects' ? path.slice(join(folder, 's3/lake/').length) : path;
        expect([which, [...said, ...failed].join('\n')]).toEqual([which, expect.stringContaining(name)]);
      } finally {
        await started.stop();
      }
    }
    remove();
  }
});

test(`a flipped bit under an embedded AWS that runs is named by the check, and nothing wrong is read${leavesOut('9 flips of 90')}`, async () => {
  const random = createRandom(`${seed} running`);
  for (let flip = 0; flip < inForm(9, 90); flip++) {
    const { folder, remove } = state.copy();
    const aws = await startEmbeddedAws({ state: folder, timeScale: 600 });
    try {
      const { kind, path, which } = flipIn(folder, flip, random);
      await expectChecked(folder, path, which);
      // It has the records of the newest segments in memory.
      expect([which, (await streamed(aws)).length]).toEqual([which, recordCount]);
      expect([which, (await unreadable(aws, folder)).length]).toEqual([which, Number(isOfS3(kind))]);
    } finally {
      await aws.stop();
      remove();
    }
  }
});
