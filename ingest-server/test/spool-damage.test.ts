import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { adoptFolders } from '../src/spool/adopt-folders.js';
import { openDiskSpool } from '../src/spool/disk-spool.js';
import { cleanUp, temporaryFolder, testApp } from './support/app.js';
import { spoolOfFour } from './support/damaged-spool.js';
import { eventsIn } from './support/events.js';
import { keptAndPlaces, samplesOf, sum } from './support/samples.js';
import { damages, framesOf } from './support/spool-damage.js';

afterEach(cleanUp);

/** An app on the folder, once the stream has all that it can get. */
async function drained(folder: string) {
  const { app, records, logged } = await testApp({ spoolFolder: folder });
  const metrics = async () => samplesOf((await app.inject('/metrics')).body);
  await eventually('an empty spool', async () => sum(await metrics(), 'millrace_spool_events') === 0);
  await eventually('no segment', async () => !(await readdir(folder)).includes('00000001.spool'));
  return { app, records, logged, metrics: await metrics() };
}

describe('damage in the spool', () => {
  test.each(damages)('$name: it is set aside, counted, said, and costs no other entry', async ({ change, costs }) => {
    const { folder, file, ids } = await spoolOfFour();
    const bytes = await readFile(file);
    await writeFile(file, change(Buffer.from(bytes), framesOf(bytes)));

    const { app, records, logged, metrics } = await drained(folder);
    const lost = costs ?? [0, 1, 2, 3];
    expect(eventsIn(records).map(({ event_id }) => event_id)).toEqual(
      expect.arrayContaining(ids.filter((_, at) => !lost.includes(at))),
    );
    expect(eventsIn(records)).toHaveLength(4 - lost.length);
    const { kept, places } = keptAndPlaces(metrics);
    expect(kept).toBe(places);
    // Of a whole file nobody knows how many events it had.
    if (costs !== undefined)
      expect(sum(metrics, 'millrace_events_set_aside_total')).toBeGreaterThanOrEqual(Math.min(1, costs.length));
    expect(sum(metrics, 'millrace_spool_damaged_entries')).toBeGreaterThan(0);
    const aside = await readFile(join(folder, '00000001.damaged'));
    expect(sum(metrics, 'millrace_spool_set_aside_bytes')).toBe(aside.length);
    expect(logged.filter(({ level }) => level === 'error')).not.toEqual([]);
    const ready = await app.inject('/readyz');
    expect(ready.statusCode).toBe(200);
    expect(ready.json()).toMatchObject({
      spool: { set_aside_bytes: aside.length },
      note: expect.stringContaining('millrace spool ls'),
    });
  });

  test('it is told after every start, until somebody takes it away', async () => {
    const { folder, file } = await spoolOfFour();
    await writeFile(file, Buffer.alloc(1_000));
    await (await drained(folder)).app.close();
    const { app, logged, metrics } = await drained(folder);
    expect(sum(metrics, 'millrace_spool_set_aside_bytes')).toBe(1_000);
    expect(logged).toContainEqual(expect.objectContaining({ level: 'error', folder, bytes: 1_000 }));
    await rm(join(folder, '00000001.damaged'));
    const after = samplesOf((await app.inject('/metrics')).body);
    expect(sum(after, 'millrace_spool_set_aside_bytes')).toBe(0);
    expect((await app.inject('/readyz')).json()).not.toHaveProperty('note');
  });

  test('it moves with the folder of a process that no longer runs', async () => {
    const folder = await temporaryFolder();
    const left = join(folder, 'worker-2');
    await (await openDiskSpool({ folder: left, maxBytes: 2 ** 20 })).close();
    for (const name of ['00000001.damaged', '00000003.damaged', '00000003.spool', '00000003.done'])
      await writeFile(join(left, name), name);
    expect(await adoptFolders(folder, 1)).toBe(2);
    expect(await readdir(left)).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual([
      '00000001.damaged',
      '00000002.damaged',
      '00000002.done',
      '00000002.spool',
      'worker-2',
    ]);
  });
});
