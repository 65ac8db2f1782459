import { writeSync } from 'node:fs';
import { createRandom } from '@millrace/kit/seeded-random';
import { updateShardCount } from '../src/kinesis/reshard.js';
import { openStore } from '../src/kinesis/store.js';
import { ensureStream, put } from './kinesis-store-puts.js';

// A Kinesis store in a process of its own, for the test that kills it: `node kinesis-store-process.js FOLDER LIFE` puts records without end, and says the name and
// number of each as soon as it is acknowledged.
const [folder, life] = process.argv.slice(2) as [string, string];
const random = createRandom(life);
const store = await openStore(folder, (line) => writeSync(2, `${line}\n`));
await ensureStream(store);
let sent = 0;

async function write(): Promise<void> {
  for (;;) {
    const names = Array.from({ length: random.integer(1, 60) }, () => `${life}.${sent++}`);
    const numbers = await put(store, names);
    writeSync(1, names.map((name, i) => `${name} ${numbers[i]};\n`).join(''));
  }
}

async function reshard(): Promise<void> {
  if (Number(life) % 5 !== 0) return;
  const open = (await store.stream('s')).Shards.filter((shard) => !shard.SequenceNumberRange.EndingSequenceNumber);
  const TargetShardCount = random.integer(Math.ceil(open.length / 2), Math.min(6, open.length * 2));
  await updateShardCount(store, { StreamName: 's', TargetShardCount, ScalingType: 'UNIFORM_SCALING' }, Date.now());
}

await Promise.all([write(), write(), write(), reshard()]);
