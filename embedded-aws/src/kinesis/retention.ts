import type { Log } from '../service.js';
import { horizonOf, numberAtSecond } from './positions.js';
import { entries, type KinesisStore, recordKey } from './store.js';

/**
 * Deletes the records that are older than their stream's retention, so that the store does not grow for ever:
 * kinesalite deletes only what a reader meets after it has expired, and a delivery stream never goes back there.
 */
export async function trimExpired(store: KinesisStore, nowMs: number, log: Log): Promise<void> {
  for (const stream of await store.streams()) {
    const { StreamName: name, RetentionPeriodHours: hours } = stream;
    let trimmed = false;
    for (let shardIndex = 0; shardIndex < stream.Shards.length; shardIndex++) {
      const gte = recordKey(name, shardIndex);
      const firstKept = await numberAtSecond(store, stream, shardIndex, horizonOf(stream, nowMs));
      trimmed = (await trimRange(store, gte, recordKey(name, shardIndex, firstKept))) || trimmed;
    }
    if (trimmed) log(`Kinesis: removed what is older than ${hours} hours from stream ${name}`);
  }
}

/** Whether there was something to remove. */
async function trimRange({ db }: KinesisStore, gte: string, lt: string): Promise<boolean> {
  let found = false;
  for await (const _ of entries(db, { gte, lt, limit: 1, values: false })) found = true;
  if (!found) return false;
  await db.clear({ gte, lt });
  // Without this the space comes back only when LevelDB happens to pass there.
  await new Promise<void>((resolve, reject) =>
    db.compactRange(gte, lt, (error) => (error ? reject(error) : resolve())),
  );
  return true;
}
