import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compileFilter, createJqPool } from '@millrace/embedded-aws/jq';
import { identityText } from '@millrace/sdk/schema';
import { someEvent } from '@millrace/testing/event';
import fc from 'fast-check';
import { choose } from '../src/redrive/choose.js';
import { openJournal } from '../src/redrive/journal.js';
import { type Left, type Repaired, repairRejected, repairUndelivered } from '../src/redrive/repair.js';
import { type Asks, delivered } from '../src/redrive/source.js';

const jq = createJqPool();
afterAll(() => jq.close());

/** What a redrive found: what is left, and what can go in again. */
const found = (repair: (one: Left) => Promise<Repaired[]>, all: readonly Left[]) =>
  Promise.all(all.map(async (one) => ({ left: one, repaired: await repair(one) })));
const left = (raw: string, eventId?: string): Left => ({ eventId, code: 'invalid_event', raw, object: 'page=x/o.gz' });

describe('a rejected event can go in again', () => {
  test('when it fits now: as it was sent', async () => {
    expect(await repairRejected(left(JSON.stringify(someEvent())))).toEqual([{ event: someEvent() }]);
  });

  test('when it still does not fit it says where and why', async () => {
    expect(await repairRejected(left(JSON.stringify(someEvent({ item_quantity: 'two' }))))).toEqual([
      { reason: expect.stringMatching(/^\/item_quantity: /) },
    ]);
    expect(await repairRejected(left('{"torn'))).toEqual([{ reason: 'it is not JSON' }]);
  });

  test.each(['購入', 'Liked Item', '_other'])(
    'as it is, when an earlier version refused it for its name: %s',
    async (name) => {
      const event = someEvent({ event: name, page: name });
      expect(await repairRejected(left(JSON.stringify(event)))).toEqual([{ event }]);
    },
  );

  test("repaired by jq; one without an id gets the quarantine's, so that it stays the same event", async () => {
    const { event_id, ...anonymous } = someEvent({ item_quantity: '2' });
    const filter = await compileFilter(jq, '.item_quantity |= tonumber');
    const [repaired] = await repairRejected(left(JSON.stringify(anonymous), event_id), filter);
    expect(repaired).toEqual({ event: someEvent({ item_quantity: 2 }) });
    const [broken] = await repairRejected(left('{"item_quantity":"many"}', event_id), filter);
    expect(broken).toEqual({ reason: expect.stringMatching(/^--jq: /) });
  });
});

test.each(['def f: f; f', 'if .seq then (def f: [f]; f) else . end', '.more = [range(1e9)]'])(
  'repaired by a filter that never ends (%s) it stays where it is, with the reason',
  async (query) => {
    const hasty = createJqPool({ limits: { recordMs: 20, memoryBytes: 2 ** 25 } });
    const repaired = await repairRejected(left(JSON.stringify(someEvent())), await compileFilter(hasty, query));
    expect(repaired).toEqual([{ reason: expect.stringMatching(/^--jq: The query took more than \d+ /) }]);
    await hasty.close();
  },
);

describe('what Firehose could not deliver can go in again', () => {
  test('as it is, with what the server stamped, and a record with many events as each of them', async () => {
    const stamped = (seq: number) => ({ ...someEvent({ seq }), received_at: '2026-11-23T08:00:00.200Z' });
    const many = Array.from({ length: 700 }, (_, seq) => stamped(seq));
    const record = many.map((each) => JSON.stringify(each)).join('\n');
    expect(await repairUndelivered(left(record))).toEqual(many.map((event) => ({ event })));
  });

  test.each([
    [{ page: undefined }, '/page: nothing is not a valid partition name'],
    [{ page: '' }, '/page: "" is not a valid partition name'],
    [{ event: 7 }, '/event: 7 is not a valid partition name'],
    [{ event_id: undefined }, '/event_id: missing'],
  ])('not with %j', async (change, reason) => {
    expect(await repairUndelivered(left(JSON.stringify(someEvent(change))))).toEqual([{ reason }]);
  });

  test.each(['a/b', '書籍', 'Liked Item', '../x'])(
    'a name that no partition may have (%s) is filed under _other',
    async (name) => {
      const found = await repairUndelivered(left(JSON.stringify(someEvent({ page: name, event: name }))));
      const filed = { page: '_other', page_as_sent: name, event: '_other', event_as_sent: name };
      expect(found).toEqual([{ event: { ...someEvent(), ...filed } }]);
      expect(await repairUndelivered(left(JSON.stringify({ ...someEvent(), ...filed })))).toEqual(found);
    },
  );

  test('a page is given by jq', async () => {
    const filter = await compileFilter(jq, '.page //= "home"');
    expect(await repairUndelivered(left(JSON.stringify(someEvent({ page: null }))), filter)).toEqual([
      { event: someEvent({ page: 'home' }) },
    ]);
  });
});

test('whatever is read, in whatever order and however often: each event is sent once, and none that is in or under way', async () => {
  const ids = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      ids,
      fc.uniqueArray(fc.integer({ min: 0, max: 9 })),
      fc.uniqueArray(fc.integer({ min: 0, max: 9 })),
      async (read, there, onTheWay) => {
        const id = (seq: number) => identityText(someEvent({ seq }));
        const rows = read.map((seq) => left(JSON.stringify(someEvent({ seq }))));
        const is = (list: number[]) => (identity: string) => list.some((seq) => id(seq) === identity);
        const choice = choose(await found(repairRejected, rows), is(there), is(onTheWay));
        const sent = choice.events.map(identityText);
        expect(new Set(sent).size).toBe(sent.length);
        const expected = [...new Set(read)].filter((seq) => !there.includes(seq) && !onTheWay.includes(seq));
        expect(sent.toSorted()).toEqual(expected.map(id).toSorted());
        expect(choice.events.length + choice.delivered + choice.underWay + choice.repeated).toBe(read.length);
      },
    ),
  );
});

describe('an event with the id of another does not keep it from going in again', () => {
  const victim = someEvent({ seq: 1, stream_id: 'victim' });
  test.each([
    ['another stream', { stream_id: 'attacker' }],
    ['another number', { seq: 7 }],
    ['no stream, put straight in', { stream_id: null, seq: null }],
  ])('%s', async (_, stolen) => {
    const attack = { ...victim, ...stolen };
    const asks: Asks = {
      queryEach: async (_sql, onRows) => onRows([[attack.event_id, attack.stream_id, attack.seq]]),
    };
    const there = await delivered(asks, [victim.event_id]);
    const rows = await found(
      repairUndelivered,
      [attack, victim, victim].map((each) => left(JSON.stringify(each))),
    );
    const choice = choose(
      rows,
      (each) => there.has(each),
      () => false,
    );
    expect(choice).toMatchObject({ events: [victim], delivered: 1, repeated: 1 });
    const journal = new Set([identityText(attack)]);
    expect(
      choose(
        rows,
        () => false,
        (each) => journal.has(each),
      ).events,
    ).toEqual([victim]);
  });
});

describe('the journal', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-journal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('knows what an earlier run added; a line torn by a crash is no id, and spoils none that comes after', () => {
    const file = join(folder, 'deep', 'redriven.txt');
    const first = openJournal(file);
    first.add('a');
    first.add('b');
    writeFileSync(file, `${readFileSync(file, 'utf8').slice(0, -2)}lon`);
    const second = openJournal(file);
    expect(second.has('a')).toBe(true);
    second.add('c');
    const third = openJournal(file);
    expect([third.has('a'), third.has('c'), third.has('b')]).toEqual([true, true, false]);
  });

  test('a name with line breaks adds no other event', () => {
    const file = join(folder, 'redriven.txt');
    const [victim, attack] = ['01a2/1/victim', '01a2/1/x\n01a2/1/victim\n"01a2/1/victim"'];
    openJournal(file).add(attack);
    const journal = openJournal(file);
    expect([journal.has(attack), journal.has(victim), journal.has('01a2/1/x')]).toEqual([true, false, false]);
  });

  test('a flipped bit makes no event one that was sent: it is sent again, and the others are known', () => {
    const file = join(folder, 'redriven.txt');
    const journal = openJournal(file);
    const sent = ['01a2/12/a', '01a2/13/b', '01a2/14/c'];
    for (const identity of sent) journal.add(identity);
    const whole = readFileSync(file);
    const line = whole.length / 3;
    for (let bit = 0; bit < line * 8; bit += 1) {
      const spoiled = Buffer.from(whole);
      spoiled[line + (bit >> 3)]! ^= 1 << (bit & 7);
      writeFileSync(file, spoiled);
      const read = openJournal(file);
      expect([read.has(sent[0]!), read.has(sent[1]!)]).toEqual([true, false]);
      // A line break that is none joins two lines.
      expect(read.has(sent[2]!)).toBe(bit < (line - 1) * 8);
      expect(['01a2/02/b', '01a2/33/b', '01a2/13/c'].filter(read.has)).toEqual([]);
    }
  });

  test('one of 0.1.0, without checksums, is read', () => {
    const file = join(folder, 'redriven.txt');
    writeFileSync(file, '"01a2/1/x"\n"y\\n"\n');
    openJournal(file).add('z');
    expect(['01a2/1/x', 'y\n', 'z', 'y'].map(openJournal(file).has)).toEqual([true, true, true, false]);
  });

  test('one that cannot be read is named', () => {
    expect(() => openJournal(folder)).toThrow(`the journal ${folder}`);
  });
});
