import { join } from 'node:path';
import type { MillraceEvent } from '@millrace/sdk/schema';
import type { Chunk } from '../../src/core/chunk.js';
import { hashOf } from '../../src/core/hash.js';
import { openDiskSpool } from '../../src/spool/disk-spool.js';
import { temporaryFolder } from './app.js';
import { jsonLines, someEvent } from './events.js';

/** One visitor's events of one request. */
export const chunkOf = (events: readonly MillraceEvent[]): Chunk => ({
  hash: hashOf(events[0]!.visitor_id),
  events: events.length,
  data: Buffer.from(jsonLines(events)),
});

/** Leaves chunks in a spool that nobody has open. */
export async function leave(folder: string, chunks: readonly Chunk[]): Promise<void> {
  const spool = await openDiskSpool({ folder, maxBytes: 2 ** 30 });
  await new Promise<void>((resolve, reject) => spool.append(chunks, (error) => (error ? reject(error) : resolve())));
  await spool.close();
}

/** A spool of four entries, each another visitor's: its folder and its one file. */
export async function spoolOfFour(): Promise<{ folder: string; file: string; ids: string[] }> {
  const folder = await temporaryFolder();
  const events = Array.from({ length: 4 }, (_, seq) => someEvent({ visitor_id: `visitor-${seq}`, seq }));
  await leave(
    folder,
    events.map((event) => chunkOf([event])),
  );
  return { folder, file: join(folder, '00000001.spool'), ids: events.map(({ event_id }) => event_id) };
}
