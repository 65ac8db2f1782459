import { mkdir, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ledgerPage } from '@millrace/sdk/schema';
import { eventually } from '@millrace/testing/eventually';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { createLedger } from '../src/core/delivery/ledger.js';
import { type Sink, SinkError } from '../src/core/delivery/sink.js';
import { openDiskSpool } from '../src/spool/disk-spool.js';
import { encodeFrame } from '../src/spool/frame.js';
import { type DrainOptions, drainSpool, lookAtSpool } from '../src/spool-by-hand/index.js';
import { cleanUp, later, temporaryFolder, testApp } from './support/app.js';
import { chunkOf, leave, spoolOfFour } from './support/damaged-spool.js';
import { eventsIn, linesIn, someEvent } from './support/events.js';
import { createMemorySink } from './support/memory-sink.js';
import { damages, framesOf } from './support/spool-damage.js';

afterEach(cleanUp);

/** Drains into a memory sink of one shard, so that the order of all events shows. */
async function drain(folder: string, options: Partial<DrainOptions> = {}) {
  const memory = createMemorySink(1);
  const drained = await drainSpool({
    folder,
    stream: 'clickstream',
    description: 'a test',
    log: () => {},
    signal: new AbortController().signal,
    giveUpAfterMs: 10_000,
    sink: () => memory,
    ...options,
  });
  return { ...drained, records: memory.records, ids: eventsIn(memory.records).map(({ event_id }) => event_id) };
}

/** A stream that takes nothing. */
const down = (): Sink => ({
  ...createMemorySink(1),
  put: async () => {
    throw new SinkError('unreachable', 'ECONNREFUSED', 'refused');
  },
});

const lines = (events: ReturnType<typeof someEvent>[]) => events.map((event) => chunkOf([event]));
const some = (count: number, visitor = 'v') =>
  Array.from({ length: count }, (_, seq) => someEvent({ seq, visitor_id: `${visitor}-${seq % 3}` }));
const idsOf = (events: { event_id: string }[]) => events.map(({ event_id }) => event_id);

describe('a spool that is drained by hand', () => {
  test('is in the stream in order, with the rows of its ledger, and the folder is empty', async () => {
    const folder = await temporaryFolder();
    const events = some(700);
    const { data } = createLedger('run', Date.now).open().line(['what was acknowledged']);
    await leave(folder, [...lines(events), { hash: 7, events: 0, data }]);
    const { records, ids, ...drained } = await drain(folder);
    expect(drained).toMatchObject({ delivered: 700, left: 0, recovered: 0, interrupted: false, failure: undefined });
    expect(ids).toEqual(idsOf(events));
    expect(linesIn(records).filter(({ page }) => page === ledgerPage)).toMatchObject([
      { acknowledged: 'what was acknowledged', server_row: 0 },
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('the folders of all server processes are drained, and what is no spool is left alone', async () => {
    const folder = await temporaryFolder();
    const [a, b, c] = [some(3, 'a'), some(4, 'b'), some(5, 'c')];
    await leave(folder, lines(a!));
    await leave(join(folder, 'worker-1'), lines(b!));
    await leave(join(folder, 'worker-12'), lines(c!));
    await writeFile(join(folder, 'notes.txt'), 'mine');
    const { delivered, ids } = await drain(folder);
    expect([delivered, ids]).toEqual([12, idsOf([...a!, ...b!, ...c!])]);
    expect((await readdir(folder)).sort()).toEqual(['notes.txt', 'worker-1', 'worker-12']);
  });

  test.each(damages)(
    '$name: what can be read is in the stream in its place, and the rest stays and is counted',
    async ({ change, costs, isGone }) => {
      const { folder, file, ids } = await spoolOfFour();
      const bytes = await readFile(file);
      await writeFile(file, change(Buffer.from(bytes), framesOf(bytes)));
      const gone = isGone ?? costs ?? [0, 1, 2, 3];
      const drained = await drain(folder);
      expect(drained.ids).toEqual(ids.filter((_, at) => !gone.includes(at)));
      expect(drained).toMatchObject({ left: 0, recovered: (costs ?? ids).length - gone.length });
      expect(drained.unreadable.pieces > 0).toBe(gone.length > 0);
      expect(await readdir(folder)).toEqual(gone.length > 0 ? ['00000001.damaged'] : []);
      // Another time, nothing comes twice and nothing more goes.
      const again = await drain(folder);
      expect(again).toMatchObject({ delivered: 0, unreadable: drained.unreadable });
    },
  );

  test.each(damages)('$name, which a server has set aside before: the same', async ({ change, costs, isGone }) => {
    const { folder, file, ids } = await spoolOfFour();
    const bytes = await readFile(file);
    await writeFile(file, change(Buffer.from(bytes), framesOf(bytes)));
    const gone = isGone ?? costs ?? [0, 1, 2, 3];
    const { app } = await testApp({ spoolFolder: folder }, { sink: down() });
    await app.close();
    const drained = await drain(folder);
    expect(drained.ids).toEqual(ids.filter((_, at) => !gone.includes(at)));
    expect(drained.unreadable.pieces > 0).toBe(gone.length > 0);
  });

  test('what a server has set aside is brought back when all else is long delivered, also from another folder', async () => {
    for (const isMoved of [true, false]) {
      const { folder, file, ids } = await spoolOfFour();
      const bytes = await readFile(file);
      bytes[framesOf(bytes)[2]!.offset + 90]! ^= 4;
      await writeFile(file, bytes);
      const { app, records } = await testApp({ spoolFolder: folder });
      await eventually('the rest to be delivered', () => eventsIn(records).length === 3);
      await app.close();
      const place = isMoved ? join(folder, 'taken') : folder;
      await mkdir(place, { recursive: true });
      if (isMoved) await rename(join(folder, '00000001.damaged'), join(place, '00000001.damaged'));
      const drained = await drain(place);
      expect(drained).toMatchObject({ delivered: 1, recovered: 1, unproved: 0, ids: [ids[2]] });
      expect(await readdir(place)).toEqual([]);
    }
  });

  test('good lines beside a line that is no JSON are brought back; that line stays', async () => {
    const folder = await temporaryFolder();
    const [a, b, c] = some(3);
    const bad = Buffer.from('{"page":"books","event":\n');
    const data = Buffer.concat([chunkOf([a!]).data, bad, chunkOf([b!]).data]);
    await leave(folder, [{ hash: 1, events: 3, data }, chunkOf([c!])]);
    const { ids, ...drained } = await drain(folder);
    expect(ids).toEqual(idsOf([a!, b!, c!]));
    expect(drained).toMatchObject({ recovered: 2, unreadable: { pieces: 1, bytes: bad.length } });
    expect(await readFile(join(folder, '00000001.damaged'))).toEqual(bad);
  });

  test(`one wrong byte in each of any entries costs nothing: every event is in the stream as it was${leavesOut('15 of 100 runs')}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) }), { minLength: 1, maxLength: 12 }),
        async (flips) => {
          const folder = await temporaryFolder();
          const events = some(12);
          await leave(folder, [chunkOf(events.slice(0, 4)), ...lines(events.slice(4))]);
          const file = join(folder, '00000001.spool');
          const bytes = await readFile(file);
          const frames = framesOf(bytes);
          const hit = new Set<number>();
          for (const { at, bits } of flips) {
            const place = at % bytes.length;
            const found = frames.findIndex(({ offset, bytes: length }) => offset <= place && place < offset + length);
            // Two in one entry are too many, and the file's head says where the first one begins.
            const frame = Math.max(0, found);
            if (hit.has(frame)) continue;
            hit.add(frame);
            bytes[place]! ^= bits;
          }
          await writeFile(file, bytes);
          const { records, unproved } = await drain(folder);
          expect(eventsIn(records)).toEqual(events);
          expect(unproved).toBe(0);
        },
      ),
      { numRuns: inForm(15, 100) },
    );
  });

  test('stopped half way and run again, it has lost nothing and says how it ended', async () => {
    const folder = await temporaryFolder();
    const events = some(2_000);
    await leave(folder, lines(events));
    const stopping = new AbortController();
    const memory = createMemorySink(1);
    const slow: Sink = {
      ...memory,
      async put(records) {
        // The second call is never taken.
        if (memory.records.length > 0) {
          stopping.abort();
          throw new SinkError('unreachable', 'ECONNRESET', 'reset');
        }
        return memory.put(records.slice(0, 1));
      },
    };
    const first = await drain(folder, { signal: stopping.signal, sink: () => slow });
    expect(first.interrupted).toBe(true);
    expect(first.delivered).toBe(eventsIn(memory.records).length);
    expect(first.left).toBe(2_000 - first.delivered);
    expect(first.left).toBeGreaterThan(0);
    const second = await drain(folder);
    expect(second).toMatchObject({ delivered: first.left, left: 0, interrupted: false });
    expect([...idsOf(eventsIn(memory.records) as { event_id: string }[]), ...second.ids]).toEqual(idsOf(events));
  });

  test('a stream that takes nothing: it gives up with the reason, and the spool is as it was', async () => {
    const { folder } = await spoolOfFour();
    const { failure, left, delivered } = await drain(folder, { sink: down, giveUpAfterMs: 1 });
    expect(failure).toMatch(/nothing reached the stream clickstream of a test for 0.001 s/);
    expect([left, delivered]).toEqual([4, 0]);
    const wrong = () => ({
      ...down(),
      ranges: async () => {
        throw new SinkError('misconfigured', 'ResourceNotFoundException', 'no such stream');
      },
    });
    await expect(drain(folder, { sink: wrong })).rejects.toThrow(
      'the stream clickstream of a test cannot be used: ResourceNotFoundException: no such stream',
    );
    expect((await drain(folder)).delivered).toBe(4);
  });

  test('the spool of a server that runs is refused, here and on another host; that of a dead one is not', async () => {
    const { folder } = await spoolOfFour();
    const spool = await openDiskSpool({ folder, maxBytes: 2 ** 24 });
    await expect(drain(folder)).rejects.toMatchObject({ code: 'SPOOL_IN_USE' });
    expect((await lookAtSpool(folder)).inUseBy).toBe(process.pid);
    await spool.close();
    // No process here has this id and beginning; on another host one touches its flag.
    const flag = join(folder, 'lock.999999.77');
    await writeFile(flag, '');
    const living = setInterval(() => void utimes(flag, new Date(), new Date()), 300);
    later(async () => clearInterval(living));
    await expect(drain(folder)).rejects.toThrow(/in use by process 999999/);
    clearInterval(living);
    for (const dead of ['lock.1.12345', 'lock.424242.', 'lock.7.99'])
      await writeFile(join(folder, dead), '').then(() => utimes(join(folder, dead), 1_000, 1_000));
    await utimes(flag, 2_000, 2_000);
    expect((await drain(folder)).delivered).toBe(4);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a look at a spool', () => {
  test('tells what is there, and changes nothing', async () => {
    const { folder, file } = await spoolOfFour();
    const [good, bad, torn] = some(3);
    await leave(folder, [chunkOf([{ ...good!, received_at: '2026-11-30T10:00:00.000Z' } as typeof good & object])]);
    const bytes = await readFile(file);
    const frames = framesOf(bytes);
    bytes[frames[1]!.offset + 70]! ^= 1;
    await writeFile(file, Buffer.concat([bytes, ...encodeFrame(chunkOf([torn!]))]).subarray(0, -9));
    await writeFile(
      join(folder, '00000003.damaged'),
      Buffer.concat(encodeFrame({ ...chunkOf([bad!]), data: Buffer.from('[]\n') })),
    );
    await writeFile(join(folder, '00000005.spool'), 'millrace-spool 9\nof a later release');
    await writeFile(join(folder, 'state.json'), '{}');
    const before = (await readdir(folder)).sort();
    const look = await lookAtSpool(folder);
    expect(look).toMatchObject({
      inUseBy: undefined,
      segments: 3,
      entries: 4,
      events: 4,
      oldest: '2026-11-30T10:00:00.000Z',
      unknown: ['00000005.spool'],
      others: ['state.json'],
      damaged: [
        {
          file: '00000001.spool',
          offset: frames[1]!.offset,
          bytes: frames[1]!.bytes,
          cause: 'data',
          events: 1,
          readable: 1,
        },
        { file: '00000003.damaged', offset: 0, cause: 'not_json', events: 1, readable: 0 },
      ],
    });
    expect(look.unfinishedBytes).toBeGreaterThan(24);
    expect((await readdir(folder)).sort()).toEqual(before);
    expect(await readFile(file)).toHaveLength(bytes.length + look.unfinishedBytes);
  });
});
