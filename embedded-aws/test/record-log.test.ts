import { describe, expect, test } from '@jest/globals';
import { createRandom, type Random } from '@millrace/kit/seeded-random';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { openRecordLog, type RecordLog } from '../src/record-log/record-log.js';
import { encodeRecords, type LoggedRecord } from '../src/record-log/records.js';
import { scanSegment } from '../src/record-log/scan-segment.js';
import { firstLine } from '../src/record-log/segment.js';
import { type LossyDisk, lossyDisk } from './lossy-disk.js';

const folder = '/log';
const seeds = inForm(200, 10_000);

/** Data that say which record they are; now and then with what looks like a frame in them. */
function someData(random: Random, name: string): Buffer {
  const noise = random.chance(0.1) ? [0xff, 0x4d, 0x52, 0xfe] : [];
  const length = random.weighted([[6, random.integer(0, 40)] as const, [1, random.integer(0, 3_000)] as const]);
  return Buffer.concat([Buffer.from(`${name} `), Buffer.from(noise), Buffer.alloc(length, random.bits() & 0xff)]);
}

const open = (disk: LossyDisk, said: string[] = [], segmentBytes = 2_000) =>
  openRecordLog({ folder, disk: disk.plugIn(), segmentBytes, log: (line) => void said.push(line) });

async function readShard(log: RecordLog, shard: number, from = 0): Promise<LoggedRecord[]> {
  const found: LoggedRecord[] = [];
  for (let next = from; ; ) {
    const read = await log.read({ shard, from: next, maxRecords: 7, maxBytes: 10_000 });
    found.push(...read.records);
    if (read.isEnd) return found;
    next = read.next;
  }
}

const nameOf = ({ data }: { data: Buffer }) => data.toString('latin1').split(' ')[0]!;

/** Three lives of a log with appends, most ended by a power cut, and what a fourth one finds. */
async function liveThrough(seed: string, hasHoles: boolean) {
  const random = createRandom(seed);
  const disk = lossyDisk();
  const acknowledged = new Map<string, number>();
  const said: string[] = [];
  let sent = 0;

  async function put(log: RecordLog): Promise<void> {
    for (let pauses = random.integer(0, 12); pauses > 0; pauses--) await new Promise(setImmediate);
    const names = Array.from({ length: random.integer(1, 4) }, () => `r${sent++}`);
    const { first, stored } = log.append(
      names.map((name) => ({ shard: random.integer(0, 2), arrivalMs: 1, key: 'k', data: someData(random, name) })),
    );
    const isStored = await stored.then(
      () => true,
      () => false,
    );
    if (isStored) for (const [i, name] of names.entries()) acknowledged.set(name, first + i);
  }

  for (let life = 0; life < 3; life++) {
    const log = await open(disk, said);
    const puts = Array.from({ length: random.integer(1, 6) }, () => put(log));
    for (let turns = random.integer(0, 25); turns > 0; turns--) await new Promise(setImmediate);
    if (random.chance(0.8)) disk.cutPower(random, hasHoles);
    await Promise.all(puts);
  }
  const log = await open(disk, said);
  const all = (await Promise.all([0, 1, 2].map((shard) => readShard(log, shard)))).flat();
  const found = new Map(all.map((record) => [nameOf(record), record.number]));
  const lost = [...acknowledged].filter(([name, number]) => found.get(name) !== number);
  if (lost.length > 0) throw new Error(`${seed}: ${lost.length} are lost, such as ${lost[0]}`);
  expect(found.size).toBe(all.length);
  expect(new Set(acknowledged.values()).size).toBe(acknowledged.size);
  expect(log.next()).toBeGreaterThan(Math.max(0, ...acknowledged.values()));
  return { log, disk, said };
}

describe('a log of records', () => {
  test(`loses nothing acknowledged in a power cut, and no number comes twice${leavesOut('200 of 10,000 seeds')}`, async () => {
    for (let seed = 0; seed < seeds; seed++) {
      const { log, disk, said } = await liveThrough(`power ${seed}`, false);
      // A write that was cut off is no damage.
      expect(said.filter((line) => line.includes('damaged'))).toEqual([]);
      expect(log.bytes()).toBe([...disk.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0));
    }
  });

  test(`loses nothing acknowledged when a power cut leaves holes in what was not synced${leavesOut('50 of 2,000 seeds')}`, async () => {
    for (let seed = 0; seed < inForm(50, 2_000); seed++) await liveThrough(`holes ${seed}`, true);
  });

  test(`names every flipped bit, which costs the record that it is in and no other${leavesOut('200 of 10,000 bits')}`, () => {
    const random = createRandom('bits');
    for (let round = 0; round < seeds / 25; round++) {
      const first = random.integer(1, 1e12);
      const records = Array.from({ length: random.integer(1, 12) }, (_, i) => ({
        shard: random.integer(0, 3),
        number: first + i,
        arrivalMs: random.integer(0, 2e12),
        key: random.pick(['a', 'kéy', 'x'.repeat(256)]),
        data: someData(random, `r${i}`),
      }));
      const whole = Buffer.concat([firstLine, encodeRecords(records, first)]);
      expect(scanSegment(whole, first)).toEqual({ records, damaged: [], tornAt: undefined });
      const ends = records.map((_, i) => firstLine.length + encodeRecords(records.slice(0, i + 1), first).length);
      for (let flip = 0; flip < 25; flip++) {
        const at = random.integer(0, whole.length - 1);
        const bytes = Buffer.from(whole);
        bytes[at]! ^= 1 << random.integer(0, 7);
        const scan = scanSegment(bytes, first);
        if ('version' in scan) throw new Error('taken for another version');
        const hit = at < firstLine.length ? -1 : ends.findIndex((end) => at < end);
        expect(scan.records).toEqual(records.filter((_, i) => i !== hit));
        expect(scan.tornAt).toBeUndefined();
        expect(scan.damaged).toHaveLength(1);
        const [damage] = scan.damaged;
        expect(damage!.start <= at && at < damage!.end).toBe(true);
        expect(damage!.records).toBe(hit < 0 ? 0 : 1);
      }
    }
  });

  test('a write that was cut off at any byte leaves the records before it, and is no damage', () => {
    const first = 5;
    const records = ['one', 'two', 'three'].map((text, i) => ({
      shard: i,
      number: first + i,
      arrivalMs: i,
      key: text,
      data: Buffer.from(text.repeat(20)),
    }));
    const whole = Buffer.concat([firstLine, encodeRecords(records, first)]);
    const ends = records.map((_, i) => firstLine.length + encodeRecords(records.slice(0, i + 1), first).length);
    for (let length = 0; length < whole.length; length++) {
      const kept = records.filter((_, i) => ends[i]! <= length);
      const end = kept.length > 0 ? ends[kept.length - 1]! : length < firstLine.length ? 0 : firstLine.length;
      expect(scanSegment(whole.subarray(0, length), first)).toEqual({
        records: kept,
        damaged: [],
        tornAt: end === length && length > 0 ? undefined : end,
      });
    }
  });

  test('damage in the middle is set aside and said once, with how many records it cost', async () => {
    const disk = lossyDisk();
    const log = await open(disk);
    const put = (name: string) => log.append([{ shard: 0, arrivalMs: 1, key: '', data: Buffer.from(`${name} x`) }]);
    await Promise.all(Array.from({ length: 9 }, (_, i) => put(`r${i}`).stored));
    await log.close();
    const [path, file] = [...disk.files][0]!;
    const at = file.bytes.indexOf('r3 x');
    file.bytes.fill(0x55, at, at + 40);
    const said: string[] = [];
    for (let start = 0; start < 3; start++) {
      const again = await open(disk, said);
      expect((await readShard(again, 0)).map(nameOf)).toEqual(['r0', 'r1', 'r2', 'r5', 'r6', 'r7', 'r8']);
      await again.close();
    }
    expect(said).toEqual([
      expect.stringMatching(/0000000000000001\.log is damaged from byte \d+ to \d+: 2 records lost.*\.damaged$/),
    ]);
    const copies = [...disk.files.keys()].filter((name) => name.startsWith(`${path}.`));
    expect(copies).toHaveLength(1);
  });

  test('no record gets the number of one that was damaged, also when that was the newest', async () => {
    const disk = lossyDisk();
    const log = await open(disk);
    const put = (to: RecordLog) => to.append([{ shard: 0, arrivalMs: 1, key: '', data: Buffer.alloc(50) }]);
    for (let i = 0; i < 3; i++) await put(log).stored;
    await log.close();
    const [file] = disk.files.values();
    for (const lost of [70, 20]) {
      file!.bytes[file!.bytes.length - lost]! ^= 1;
      const again = await open(disk);
      const { first, stored } = put(again);
      await stored;
      expect(first).toBeGreaterThan(3);
      await again.close();
      file!.bytes[file!.bytes.length - lost]! ^= 1;
    }
  });

  test('a full disk refuses appends, which leave nothing behind, and takes others when there is room', async () => {
    for (const room of [0, 5, 19, 40, 200, 450, 800, 1_000]) {
      const disk = lossyDisk();
      const log = await open(disk);
      const put = (name: string) =>
        log.append(
          [0, 1, 2].map((i) => ({
            shard: 0,
            arrivalMs: 1,
            key: 'k',
            data: Buffer.from(`${name}-${i} ${'x'.repeat(60)}`),
          })),
        ).stored;
      const namesOf = (names: string[]) => names.flatMap((name) => [0, 1, 2].map((i) => `${name}-${i}`));
      disk.room = room;
      const stored: string[] = [];
      for (let i = 0; i < 20; i++)
        await put(`r${i}`).then(
          () => stored.push(`r${i}`),
          (error: Error) => expect(error.message).toMatch(/ENOSPC/),
        );
      expect(stored.length).toBeLessThan(20);
      disk.room = 1e6;
      await put('later');
      expect((await readShard(log, 0)).map(nameOf)).toEqual(namesOf([...stored, 'later']));
      disk.cutPower(createRandom('full'));
      expect((await readShard(await open(disk), 0)).map(nameOf)).toEqual(namesOf([...stored, 'later']));
    }
  });

  test('one sync stores what came while the last one ran, of all shards', async () => {
    const disk = lossyDisk();
    const log = await open(disk);
    await Promise.all(
      Array.from(
        { length: 100 },
        (_, i) => log.append([{ shard: i, arrivalMs: 1, key: '', data: Buffer.from('x') }]).stored,
      ),
    );
    // One is for the file's first line.
    expect(disk.syncs).toBeLessThanOrEqual(3);
    expect(log.next()).toBe(101);
  });

  test('segments go whole when all of their records are trimmed or expired, and no number comes again', async () => {
    const disk = lossyDisk();
    let log = await open(disk);
    const put = (i: number) =>
      log.append([{ shard: 0, arrivalMs: i * 10, key: '', data: Buffer.alloc(500, i) }]).stored;
    for (let i = 1; i <= 20; i++) await put(i);
    const numbers = async () => (await readShard(log, 0)).map(({ number }) => number);
    await log.trim(11);
    const left = await numbers();
    expect(left[0]).toBeGreaterThan(4);
    expect(left[0]).toBeLessThanOrEqual(11);
    expect(await log.expire(155)).toBe(true);
    const after = await numbers();
    expect(after[0]).toBeGreaterThan(left[0]!);
    expect(after[0]! * 10).toBeLessThanOrEqual(160);
    expect(await log.expire(155)).toBe(false);
    expect(await log.expire(1e9)).toBe(true);
    expect(await numbers()).toEqual([]);
    await log.close();
    for (let start = 0; start < 2; start++) {
      log = await open(disk);
      expect(log.next()).toBe(21 + start);
      await put(21 + start);
      await log.close();
    }
  });

  test('a read passes over some segments at a time, and finds the next record of its shard all the same', async () => {
    const disk = lossyDisk();
    let log = await open(disk, [], 200);
    const put = (shard: number) => log.append([{ shard, arrivalMs: 5, key: '', data: Buffer.alloc(300) }]).stored;
    for (let i = 0; i < 50; i++) await put(0);
    await put(1);
    await log.close();
    log = await open(disk, [], 200);
    const read = await log.read({ shard: 1, from: 0, maxRecords: 9, maxBytes: 9_999 });
    expect(read).toMatchObject({ records: [], isEnd: false, reachedMs: 5 });
    expect(read.next).toBeGreaterThan(5);
    expect((await readShard(log, 1)).map(({ number }) => number)).toEqual([51]);
  });

  test(`reads what a list of all records would give: from any number, of any shard, across restarts and segments${leavesOut('20 of 500 runs')}`, async () => {
    for (let seed = 0; seed < inForm(20, 500); seed++) {
      const random = createRandom(`read ${seed}`);
      const disk = lossyDisk();
      const all: (LoggedRecord & { name: string })[] = [];
      let log = await open(disk, [], random.integer(100, 3_000));
      for (let step = 0; step < 30; step++) {
        if (random.chance(0.1)) {
          await log.close();
          log = await open(disk, [], random.integer(100, 3_000));
        }
        const records = Array.from({ length: random.integer(0, 5) }, (_, i) => ({
          shard: random.integer(0, 3),
          arrivalMs: random.integer(0, 1_000),
          key: `k${i}`,
          data: someData(random, `${step}.${i}`),
        }));
        const { first, stored } = log.append(records);
        await stored;
        for (const [i, record] of records.entries()) all.push({ ...record, number: first + i, name: `${step}.${i}` });
        const shard = random.integer(0, 4);
        const from = random.integer(0, log.next() + 2);
        const expected = all.filter((record) => record.shard === shard && record.number >= from);
        expect((await readShard(log, shard, from)).map(nameOf)).toEqual(expected.map(({ name }) => name));
        const since = random.integer(0, 1_000);
        const wanted = ({ arrivalMs }: LoggedRecord) => arrivalMs >= since;
        const one = await log.read({ shard, from, maxRecords: 1, maxBytes: 1, wanted });
        // It may be on its way over segments without a record.
        if (one.records.length === 0 && !one.isEnd) continue;
        expect(one.records.map(nameOf)).toEqual(
          expected
            .filter(wanted)
            .slice(0, one.isEnd ? 9 : 1)
            .map(({ name }) => name),
        );
      }
      await log.close();
    }
  });
});
