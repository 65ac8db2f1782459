import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isEventColumn, lakeColumns } from '@millrace/sdk/schema';
import { event, lines, temporaryLake } from '@millrace/testing/lake-fixture';
import { type AuditableLake, openLake } from '../src/index.js';

let at: ReturnType<typeof temporaryLake>;
let lake: AuditableLake;
beforeEach(async () => {
  at = temporaryLake();
  lake = await openLake({ folder: at.folder });
});
afterEach(async () => {
  await lake.close();
  at.remove();
});

/** The first column of the rows. */
const ask = async (sql: string) => (await lake.query(sql)).rows.map((row) => row[0]);

describe('the views', () => {
  test('events has the columns of the schema, in its order, with their types', async () => {
    at.put('books', 'clicked_review', event());
    const { columns } = await lake.query('select * from events');
    const wanted = lakeColumns().filter(({ name }) => isEventColumn(name));
    expect(columns).toEqual(wanted.map(({ name, duckdb }) => ({ name, type: duckdb })));
  });

  test('a lake that does not exist yet, or is empty, has the same typed columns and no rows', async () => {
    const empty = await lake.query('select * from events');
    mkdirSync(at.folder, { recursive: true });
    expect(await lake.query('select * from events')).toEqual(empty);
    expect(empty.rows).toEqual([]);
    expect(empty.columns.find(({ name }) => name === 'seq')?.type).toBe('BIGINT');
    for (const view of ['events', 'events_raw', 'quarantine', 'errors', 'ledger']) {
      expect(await ask(`select count(*) from ${view}`)).toEqual([0]);
    }
    expect(await lake.list()).toEqual([]);
  });

  test('objects delivered after the lake was opened are seen', async () => {
    expect(await ask('select count(*) from events')).toEqual([0]);
    at.put('books', 'clicked_review', event());
    expect(await ask('select count(*) from events')).toEqual([1]);
  });

  test('the partition in the key is authoritative over the fields of the event', async () => {
    at.put('_other', 'liked_item', event({ page: 'garden', event: 'liked_item', page_as_sent: 'garden' }));
    const { rows } = await lake.query('select page, event, page_as_sent from events');
    expect(rows).toEqual([['_other', 'liked_item', 'garden']]);
  });

  test('copies of an event are one row in events and all of them in events_raw, and the first received one stays', async () => {
    const sent = event({ received_at: '2026-11-23T08:00:05.000Z' });
    at.put('books', 'clicked_review', sent, event(), sent);
    at.put('books', 'clicked_review', { ...sent, received_at: '2026-11-23T08:00:01.000Z' });
    expect(await ask('select count(*) from events')).toEqual([2]);
    expect(await ask('select count(*) from events_raw')).toEqual([4]);
    expect(await ask(`select received_at from events where event_id = '${sent.event_id}'`)).toEqual([
      '2026-11-23T08:00:01.000Z',
    ]);
  });

  test.each([
    ['another stream', { stream_id: 'attacker' }],
    ['another number', { seq: 9_999 }],
    ['no stream and no number', { stream_id: null, seq: undefined }],
    ['a number that is none', { seq: 'x' }],
  ])('an event with the id of another (%s), received before it, does not hide it', async (_, stolen) => {
    const victim = event({ received_at: '2026-11-23T08:00:05.000Z', title: 'victim' });
    const attack = { ...victim, ...stolen, received_at: '2026-11-23T08:00:01.000Z', title: 'attack' };
    at.put('books', 'clicked_review', attack, victim, attack, victim);
    expect(await ask('select title from events order by title')).toEqual(['attack', 'victim']);
  });

  test('an event without stream and number is a copy of another such one by its id', async () => {
    const direct = (event_id: string) => event({ event_id, stream_id: undefined, seq: undefined });
    at.put('books', 'clicked_review', direct('01a2-b'), direct('01a2-b'), direct('01a2-c'));
    expect(await ask('select count(*) from events')).toEqual([2]);
  });

  test('events without an id are never taken for copies of each other', async () => {
    at.put('books', 'clicked_review', { page: 'books', seq: 1 }, { page: 'books', seq: 1 }, { page: 'books', seq: 1 });
    expect(await ask('select count(*) from events')).toEqual([3]);
  });

  test('the quarantine is apart from the events, with its code, reason and text', async () => {
    const rejected = { event_id: 'x', page: '_quarantine', event: '_invalid_json', reason: 'is no JSON', raw: '{"a' };
    at.put('_quarantine', '_invalid_json', { ...rejected, received_at: '2026-11-23T08:00:01.000Z' });
    at.put('books', 'clicked_review', event());
    expect(await ask('select count(*) from events_raw')).toEqual([1]);
    const { rows } = await lake.query('select event_id, code, reason, raw, received_at from quarantine');
    expect(rows).toEqual([['x', 'invalid_json', 'is no JSON', '{"a', '2026-11-23T08:00:01.000Z']]);
  });

  test('the ledger has each of its rows, with what it names, and none of them is an event', async () => {
    const row = { page: '_ledger', event: '_acknowledged', received_at: '2026-11-23T08:00:01.000Z', server: 'run.0' };
    const rows = [
      { ...row, server_row: 0, acknowledged: 'a:0:x3Kf' },
      { ...row, server_row: 0, acknowledged: 'a:1:9aBc' },
      { ...row, server_row: 1, acknowledged: '' },
    ];
    at.put('_ledger', '_acknowledged', ...rows);
    at.put('books', 'clicked_review', event());
    expect(await ask('select count(*) from events_raw')).toEqual([1]);
    const answer = await lake.query('select server, server_row, received_at, acknowledged from ledger order by all');
    expect(answer.rows).toEqual(
      rows.map(({ server, server_row, received_at, acknowledged }) => [server, server_row, received_at, acknowledged]),
    );
  });

  test('whose event it is, and whether a bot sent it, can be asked; older rows, and what fits no boolean, have null', async () => {
    at.put('books', 'clicked_review', event({ site: 'shop', is_bot: false }), event({ site: 'shop', is_bot: true }));
    at.put('books', 'clicked_review', event(), event({ site: 'blog', is_bot: 'perhaps', clock_off: true }));
    const rejected = { event_id: 'x', reason: 'r', raw: '1', received_at: '2026-11-23T08:00:01.000Z' };
    at.put('_quarantine', '_invalid_event', { ...rejected, site: 'blog', is_bot: true }, { ...rejected, raw: '2' });
    const { rows } = await lake.query('select site, is_bot, clock_off from events order by all');
    expect(rows).toEqual([
      ['blog', null, true],
      ['shop', false, null],
      ['shop', true, null],
      [null, null, null],
    ]);
    expect(await ask("select count(*) from events where site = 'shop' and not is_bot")).toEqual([1]);
    expect((await lake.query('select site, is_bot from quarantine order by all')).rows).toEqual([
      ['blog', true],
      [null, null],
    ]);
  });

  test.each([
    [{ site: 'shop' }, ['bot', 'person'], ['shop']],
    [{ site: 'blog' }, ['blog'], ['blog']],
    [{ bots: false }, ['blog', 'direct', 'old', 'person'], ['blog', 'old', 'shop']],
    [{ site: 'shop', bots: false }, ['person'], ['shop']],
    [{ site: "o'neill" }, [], []],
    [{ bots: true }, ['blog', 'bot', 'direct', 'old', 'person'], ['blog', 'old', 'shop']],
  ])(
    'only whose events are asked for (%j): rows without a site are of none, those that say nothing of bots stay',
    async (filter, titles, refused) => {
      const of = (title: string, given: object) => event({ title, ...given });
      at.put('books', 'clicked_review', of('person', { site: 'shop', is_bot: false }), of('old', {}));
      at.put('books', 'clicked_review', of('bot', { site: 'shop', is_bot: true }), of('blog', { site: 'blog' }));
      at.put('books', 'clicked_review', of('direct', { site: null, is_bot: 'perhaps' }));
      const row = (raw: string, given: object) => ({
        event_id: raw,
        raw,
        received_at: '2026-11-23T08:00:01.000Z',
        ...given,
      });
      at.put(
        '_quarantine',
        '_invalid_event',
        row('shop', { site: 'shop' }),
        row('blog', { site: 'blog' }),
        row('old', {}),
      );
      at.put('_ledger', '_acknowledged', { server: 'a.0', server_row: 0 });
      const ask = async (sql: string) => (await lake.query(sql, filter)).rows.map(([value]) => value);
      expect(await ask('select title from events order by 1')).toEqual(titles);
      expect(await ask('select title from events_raw order by 1')).toEqual(titles);
      expect(await ask('select raw from quarantine order by 1')).toEqual(refused);
      expect(await ask('select count(*) from ledger')).toEqual([1]);
      const sum = (kind: string, list: Awaited<ReturnType<typeof lake.list>>) =>
        list.filter((each) => each.kind === kind).reduce((total, { rows }) => total + rows, 0);
      const list = await lake.list(filter);
      expect([sum('events', list), sum('quarantine', list)]).toEqual([titles.length, refused.length]);
    },
  );

  test('two refused texts that carry the same id are both in the quarantine', async () => {
    const rejected = (raw: string) => ({ event_id: 'x', reason: 'r', raw, received_at: '2026-11-23T08:00:01.000Z' });
    at.put('_quarantine', '_invalid_event', rejected('1'), rejected('2'), rejected('2'));
    expect(await ask('select count(*) from quarantine')).toEqual([2]);
  });

  test("Firehose's error objects are decoded, plain or gzip, in both spellings", async () => {
    const rawData = Buffer.from('{"page":null}').toString('base64');
    const failed = { rawData, errorCode: 'DynamicPartitioning.MetadataExtractionFailed', errorMessage: 'null' };
    const when = { attemptsMade: 1, arrivalTimestamp: 1789014240448, attemptEndingTimestamp: 1789014301529 };
    at.writeBytes('errors/metadata-extraction-failed/2026/11/23/08/x-1', lines({ ...failed, ...when }));
    const other = { rawData: '%%%', lastErrorCode: 'DataFormatConversion.ParseError', lastErrorMessage: 'bad' };
    at.writeBytes('errors/format-conversion-failed/2026/11/23/08/x-2', gzipSync(lines(other)));
    const { rows } = await lake.query('select type, code, message, attempts, arrived_at, raw from errors order by 1');
    expect(rows).toEqual([
      ['format-conversion-failed', 'DataFormatConversion.ParseError', 'bad', null, null, '%%%'],
      [
        'metadata-extraction-failed',
        'DynamicPartitioning.MetadataExtractionFailed',
        'null',
        1,
        '2026-09-10T04:24:00.448Z',
        '{"page":null}',
      ],
    ]);
  });

  test('keys with and without a date lie side by side, and the date is a column', async () => {
    at.put('books', 'clicked_review', event());
    at.writeBytes('page=books/event=clicked_review/dt=2026-11-22/x.gz', gzipSync(lines(event(), event())));
    const { rows } = await lake.query('select dt, count(*) from events group by 1 order by 1');
    expect(rows).toEqual([
      ['2026-11-22', 2],
      [null, 1],
    ]);
  });
});

describe('odd objects', () => {
  test('gzip in several members, plain text, no last newline, blank lines, an empty archive', async () => {
    const key = (name: string) => `page=books/event=clicked_review/${name}`;
    at.writeBytes(key('members.gz'), Buffer.concat([gzipSync(lines(event())), gzipSync(lines(event()))]));
    at.writeBytes(key('plain'), lines(event()));
    at.writeBytes(key('unended.gz'), gzipSync(`${lines(event())}${JSON.stringify(event())}`));
    at.writeBytes(key('blank.gz'), gzipSync(`\n\n${lines(event())}\n`));
    at.writeBytes(key('nothing.gz'), gzipSync(''));
    const result = await lake.query('select count(*) from events');
    expect(result).toMatchObject({ rows: [[6]], damaged: [], strange: [] });
  });

  test('unicode, missing columns and columns that the schema does not know', async () => {
    at.put('books', 'clicked_review', { event_id: 'ünï-1', title: 'Bücher 📚 \u2028 "x"', not_in_schema: 1 });
    const { rows } = await lake.query('select event_id, title, seq, url from events');
    expect(rows).toEqual([['ünï-1', 'Bücher 📚 \u2028 "x"', null, null]]);
  });

  test('a value that does not fit its column is NULL there and costs nothing else', async () => {
    const odd = {
      event_time: 'yesterday',
      seq: 'x',
      item_quantity: '3',
      item_price: 'free',
      user_id: 12,
      event_id: 'a',
    };
    at.put('books', 'clicked_review', odd, event());
    const { rows } = await lake.query(
      "select event_time, seq, item_quantity, item_price, user_id from events where event_id = 'a'",
    );
    expect(rows).toEqual([[null, null, 3, null, '12']]);
    expect((await lake.audit()).misfits).toBe(1);
  });

  test('a time with an offset is the same moment in UTC', async () => {
    at.put('books', 'clicked_review', event({ event_time: '2026-11-23T10:00:00+02:00' }));
    expect(await ask('select event_time from events')).toEqual(['2026-11-23T08:00:00.000Z']);
  });

  test.each([
    ['a line cut off', (whole: Buffer) => Buffer.from(gzipSync(whole.subarray(0, -30))), 2, /line 3|unexpected end/],
    ['no gzip at all', () => Buffer.from('hello'), 0, /GZIP/],
    ['0 bytes', () => Buffer.alloc(0), 0, /0 bytes/],
    ['a line that is no object', (whole: Buffer) => Buffer.from(gzipSync(`${whole}[1,2]\n`)), 3, /./],
    ['garbage after the end', (whole: Buffer) => Buffer.concat([gzipSync(whole), Buffer.from('garbage')]), 0, /GZIP/],
  ])(
    'a damaged object is named, its readable lines and all others still count: %s',
    async (_, damage, kept, message) => {
      at.put('food', 'liked_item', event(), event());
      const key = 'page=books/event=clicked_review/damaged.gz';
      at.writeBytes(key, damage(Buffer.from(lines(event(), event(), event()))));
      const result = await lake.query('select count(*) from events');
      expect(result.rows).toEqual([[2 + kept]]);
      expect(result.damaged).toEqual([
        { key, message: expect.stringMatching(message), unreadableLines: kept === 0 ? null : 1 },
      ]);
      expect(result.damaged[0]!.message).not.toContain(at.parent);
      const listed = (await lake.list()).map(({ page, events, damaged }) => [page, events, damaged]);
      expect(listed).toEqual([
        ['books', kept, [key]],
        ['food', 2, []],
      ]);
      expect(await lake.audit()).toMatchObject({ ok: false, rows: 2 + kept, damaged: [{ key }] });
    },
  );

  test('many damaged objects at once are all named', async () => {
    for (let n = 0; n < 8; n++) at.writeBytes(`page=books/event=clicked_review/bad-${n}.gz`, gzipSync('{"a":\n'));
    at.put('books', 'clicked_review', event());
    const result = await lake.query('select count(*) from events');
    expect(result.damaged).toHaveLength(8);
    expect(result.rows).toEqual([[1]]);
  });

  test.each([
    ['{"broken":', 1],
    ['{"a":"torn in a te', 1],
    ['[{"page":"books"}]', 1],
    ['{"event_id":"x"} trailing', 1],
    ['[\n {"event_id":\n "x"}\n]', 4],
    [Buffer.from([0xff, 0xfe, 0x7b]).toString('latin1'), 1],
  ])('a bad line (%j) costs itself and no neighbour', async (bad, unreadableLines) => {
    const key = 'page=books/event=clicked_review/torn.gz';
    at.writeBytes(key, gzipSync(lines(event({ seq: 0 }), bad, event({ seq: 1 }), bad, event({ seq: 2 }))));
    const result = await lake.query('select seq from events order by seq');
    expect(result.rows).toEqual([[0], [1], [2]]);
    expect(result.damaged).toMatchObject([{ key, unreadableLines: 2 * unreadableLines }]);
  });

  test.each([
    'page=a=b/event=clicked_review/x.gz',
    'page=books/event=a=b=c/x',
    'page=__HIVE_DEFAULT_PARTITION__/event=clicked_review/x.gz',
    'page=books/event=clicked_review/dt=1/dt=2/x.gz',
    'page=b*/event=clicked_review/x.gz',
    'page=books/event=clicked_review/[x]?.gz',
  ])('an odd key (%s) takes nothing from the answer, and is in it', async (key) => {
    at.put('books', 'clicked_review', event());
    at.writeBytes(key, key.endsWith('.gz') ? gzipSync(lines(event(), event())) : lines(event(), event()));
    const result = await lake.query('select count(*), count(distinct object) from events_raw');
    expect(result).toMatchObject({ rows: [[3, 2]], damaged: [] });
    expect((await lake.list()).reduce((sum, { events }) => sum + events, 0)).toBe(3);
    expect(await lake.query(`select count(*) from events_raw where object = '${key}'`)).toMatchObject({ rows: [[2]] });
  });

  test('names lie: gzip without .gz, plain text in .gz, several of each beside ordinary objects', async () => {
    const folder = 'page=books/event=clicked_review';
    at.put('books', 'clicked_review', event());
    at.writeBytes(`${folder}/no-extension`, gzipSync(lines(event(), event())));
    at.writeBytes(`${folder}/named.json`, gzipSync(lines(event())));
    at.writeBytes(`${folder}/plain.gz`, lines(event()));
    at.writeBytes(`${folder}/dt=2026-11-30/plain.json.gz`, lines(event(), event()));
    const result = await lake.query('select count(*) from events');
    expect(result).toMatchObject({ rows: [[7]], damaged: [] });
  });

  test('an object cut off between two lines is found by the audit, which checks length and checksum', async () => {
    const whole = gzipSync(lines(...Array.from({ length: 50 }, (_, seq) => event({ seq }))), { level: 0 });
    at.writeBytes('page=books/event=clicked_review/cut.gz', whole.subarray(0, -8));
    expect(await lake.audit()).toMatchObject({
      ok: false,
      damaged: [{ message: /fails its gzip check/ }].map(() => ({})),
    });
    expect((await lake.audit()).damaged[0]!.message).toMatch(/fails its gzip check/);
    expect((await lake.audit({ checksums: false })).damaged).toEqual([]);
  });

  test('objects among the data that cannot be read are named, and objects elsewhere are ignored', async () => {
    at.writeBytes('page=books/event=clicked_review/x.orc', 'ORC');
    at.writeBytes('page=books/x.gz', gzipSync(lines(event())));
    at.writeBytes('athena-results/x.csv', '1');
    const result = await lake.query('select count(*) from events');
    expect(result.strange.map(({ key }) => key).sort()).toEqual([
      'page=books/event=clicked_review/x.orc',
      'page=books/x.gz',
    ]);
    expect((await lake.audit()).ok).toBe(false);
  });
});

describe('answers', () => {
  test('values are as JSON has them', async () => {
    const { rows, columns } = await lake.query(`select
      9007199254740991::bigint, 9007199254740993::bigint, sum(1::hugeint), 1.25, 0.1::double, 'nan'::double, true, null,
      timestamp '2026-11-23 08:00:00.123', timestamp '2026-11-23 08:00:00.123456', timestamptz '2026-11-23 10:00:00+02',
      timestamp '1969-12-31 23:59:59.999', date '2026-11-23', [1, null], {'a': {'b': timestamp '2026-11-23'}}, map {'k': 1},
      '{"a":[1]}'::json, 'ab'::blob, interval 1 hour, timestamp 'infinity',
      '0191f3a0-0000-7000-8000-000000000000'::uuid`);
    expect(rows[0]).toEqual([
      9007199254740991,
      '9007199254740993',
      1,
      1.25,
      0.1,
      'NaN',
      true,
      null,
      '2026-11-23T08:00:00.123Z',
      '2026-11-23T08:00:00.123456Z',
      '2026-11-23T08:00:00.000Z',
      '1969-12-31T23:59:59.999Z',
      '2026-11-23',
      [1, null],
      { a: { b: '2026-11-23T00:00:00.000Z' } },
      { k: 1 },
      { a: [1] },
      'YWI=',
      '01:00:00',
      'infinity',
      '0191f3a0-0000-7000-8000-000000000000',
    ]);
    expect(columns[0]!.type).toBe('BIGINT');
  });

  test('properties come as the JSON that they are, and can be asked into', async () => {
    at.put('books', 'clicked_review', event({ properties: { rating: 5, deep: { a: [1] } } }));
    const { rows } = await lake.query("select properties, properties->>'rating' from events");
    expect(rows).toEqual([[{ rating: 5, deep: { a: [1] } }, '5']]);
  });

  test('rows beyond maxRows are cut, and the answer says so', async () => {
    expect(await lake.query('from range(10)', { maxRows: 3 })).toMatchObject({
      rows: [[0], [1], [2]],
      truncated: true,
    });
    expect(await lake.query('from range(3)', { maxRows: 3 })).toMatchObject({
      rows: [[0], [1], [2]],
      truncated: false,
    });
  });

  test('queryEach hands over every row once, in order', async () => {
    const seen: unknown[] = [];
    await lake.queryEach('select range as n from range(10000) order by n desc', (rows) => {
      for (const [n] of rows) seen.push(n);
    });
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, n) => 9_999 - n));
    const names: string[] = [];
    const head = await lake.queryEach(
      'describe events',
      (rows) => void names.push(...rows.map(([name]) => String(name))),
    );
    expect(head.columns[0]!.name).toBe('column_name');
    expect(names).toContain('event_id');
  });

  test('list says objects, rows, bytes and newest of each page and event; only rows of pages are events', async () => {
    const first = at.put('books', 'clicked_review', event(), event({ received_at: '2026-11-23T09:00:00.000Z' }));
    at.put('_ledger', '_acknowledged', { server: 'a.0', server_row: 0 }, { server: 'a.0', server_row: 1 });
    const second = at.put('books', 'clicked_review', event());
    at.put('_quarantine', '_invalid_json', { event_id: 'x', raw: '{', received_at: '2026-11-23T08:30:00.000Z' });
    const bytes = [first, second].reduce((sum, key) => sum + readFileSync(at.file(key)).length, 0);
    expect(await lake.list()).toEqual([
      {
        page: '_ledger',
        event: '_acknowledged',
        kind: 'ledger',
        objects: 1,
        rows: 2,
        events: 0,
        bytes: expect.any(Number),
        newest: null,
        damaged: [],
      },
      expect.objectContaining({
        page: '_quarantine',
        event: '_invalid_json',
        kind: 'quarantine',
        rows: 1,
        events: 0,
        newest: '2026-11-23T08:30:00.000Z',
      }),
      {
        page: 'books',
        event: 'clicked_review',
        kind: 'events',
        objects: 2,
        rows: 3,
        events: 3,
        bytes,
        newest: '2026-11-23T09:00:00.000Z',
        damaged: [],
      },
    ]);
  });

  test('the newest event is the one received last, whatever a device says; by the device where no server received any', async () => {
    const received_at = '2026-11-23T08:00:00.000Z';
    at.put('books', 'clicked_review', event({ received_at, event_time: '2036-01-01T00:00:00.000Z' }));
    at.put('food', 'clicked_review', event({ received_at: undefined, event_time: '2026-11-23T07:00:00.000Z' }));
    at.put('home', 'clicked_review', event({ received_at: 'soon', event_time: '2026-11-23T06:00:00.000Z' }));
    expect((await lake.list()).map(({ newest }) => newest)).toEqual([
      '2026-11-23T08:00:00.000Z',
      '2026-11-23T07:00:00.000Z',
      '2026-11-23T06:00:00.000Z',
    ]);
  });

  test('only the partition that is asked for is read, also through the view without copies', async () => {
    at.put('books', 'clicked_review', event());
    at.put('food', 'clicked_review', event());
    // Were it read, it would be named.
    at.writeBytes('page=home/event=liked_item/bad.gz', 'no gzip');
    const result = await lake.query("select page from events where page = 'books' and event = 'clicked_review'");
    expect(result).toMatchObject({ rows: [['books']], damaged: [] });
  });
});

describe('a wrong query says what is wrong, where, and what there is', () => {
  test.each([
    [
      'select nope from events',
      /Referenced column "nope" not found[\s\S]*LINE 1[\s\S]*\^[\s\S]*Hint: events has event_id, event, page/,
    ],
    ['select q.nope from quarantine q', /nope[\s\S]*Hint: /],
    [
      'select * from clicks',
      /Table with name clicks does not exist[\s\S]*Hint: the lake has events, events_raw, quarantine, errors/,
    ],
    ['select * from events where page="books"', /Text goes in single quotes: 'books'/],
    ['selct 1', /^Parser Error: syntax error at or near "selct"[\s\S]*LINE 1: selct 1/],
    ['select * from events where', /^Parser Error/],
    ["select 'x'::int", /Could not convert string 'x'/],
  ])('%s', async (sql, message) => {
    await expect(lake.query(sql)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(message),
    });
    await expect(lake.queryEach(sql, () => {})).rejects.toMatchObject({ code: 'QUERY_FAILED' });
  });
});

describe('a query reads the lake and nothing else', () => {
  beforeEach(() => {
    at.put('books', 'clicked_review', event());
  });

  test.each([
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/proc/self/environ')",
    "select * from '/etc/passwd'",
    "select * from glob('/etc/*')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from read_text('LAKE/../outside')",
    "from 'http://127.0.0.1:9/x.csv'",
    "select * from read_parquet('s3://bucket/x')",
    "copy (select 1) to '/tmp/millrace-out.csv'",
    "copy (select 1) to 'LAKE/page=books/event=clicked_review/x.gz'",
    "explain analyze copy (select 1) to 'LAKE/page=books/event=clicked_review/x.gz'",
    "/* c */ explain analyze copy (select 1) to 'LAKE/page=books/event=clicked_review/x.gz'",
    "explain explain copy (select 1) to 'LAKE/x.gz'",
    "attach '/tmp/millrace.db'",
    "attach ':memory:' as other",
    'install httpfs',
    'load httpfs',
    'pragma database_list',
    'call pragma_version()',
    "set memory_limit = '100GB'",
    'reset memory_limit',
    'set enable_external_access = true',
    "set variable objects_0 = ['/etc/passwd']",
    'create table x as select 1',
    'create view x as select 1',
    'drop view events',
    'insert into events values (1)',
    'update events set page = 1',
    'delete from events',
    "export database 'LAKE/x'",
    'prepare p as select 1',
    'execute p',
    'begin',
    'vacuum',
    'checkpoint',
    'select 1; select 2',
    'select 1; drop view events',
    'select $1',
    '',
    '-- nothing',
    "select * from query('drop view events')",
  ])('refused: %s', async (sql) => {
    const before = readFileSync(at.file(at.put('food', 'liked_item', event()))).length;
    at.writeBytes('../outside', 'secret');
    await expect(lake.query(sql.replaceAll('LAKE', at.folder.replaceAll("'", "''")))).rejects.toMatchObject({
      name: 'MillraceError',
      code: expect.stringMatching(/^QUERY_(REFUSED|FAILED)$/),
    });
    expect(before).toBeGreaterThan(0);
    expect(await lake.query('select count(*) from events')).toMatchObject({ rows: [[2]], damaged: [], strange: [] });
  });

  test('a symbolic link in the lake leads nowhere, neither as an object nor by name', async () => {
    at.writeBytes('../outside', lines(event()));
    symlinkSync(`${at.parent}/outside`, at.file('page=books/event=clicked_review/link'));
    symlinkSync(at.parent, at.file('page=books/event=linked'));
    expect(await ask('select count(*) from events')).toEqual([1]);
    const link = at.file('page=books/event=clicked_review/link').replaceAll("'", "''");
    await expect(lake.query(`select * from read_text('${link}')`)).rejects.toThrow(/disabled by configuration/);
    const through = at.file('page=books/event=linked/outside').replaceAll("'", "''");
    await expect(lake.query(`select * from read_text('${through}')`)).rejects.toThrow(/disabled by configuration/);
  });

  test.each([
    'with a as (select 1) select * from a',
    '(select 1)',
    'values (1)',
    'from events',
    'describe events',
    'show tables',
    'summarize events',
    'explain select 1',
    'explain analyze select * from events',
    'select 1;',
    '-- why\nselect 1',
    "pivot events on os in ('ios') using count(*) group by page",
  ])('answered: %s', async (sql) => {
    expect((await lake.query(sql)).rows.length).toBeGreaterThan(0);
    let rows = 0;
    await lake.queryEach(sql, (batch) => {
      rows += batch.length;
    });
    expect(rows).toBeGreaterThan(0);
  });

  test('a query that takes too long is stopped, and the lake answers the next one', async () => {
    const endless = 'select count(*) from range(1000000000) a, range(1000000000) b where a.range % 7 = b.range % 5';
    await expect(lake.query(endless, { timeoutMs: 300 })).rejects.toThrow(/timed out after 0.3 s/);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    await expect(lake.query(endless, { signal: stop.signal })).rejects.toThrow(/stopped/);
    expect(await ask('select 1')).toEqual([1]);
  });

  test('a query that takes too much memory and disk is stopped with a word on what to do', async () => {
    const small = await openLake({ folder: at.folder, limits: { memoryMb: 60, temporaryMb: 1 } });
    try {
      const greedy = "select list(repeat('x', 1000) || range) from range(1000000)";
      await expect(small.query(greedy)).rejects.toMatchObject({
        code: 'QUERY_STOPPED',
        message: expect.stringMatching(/Hint/),
      });
    } finally {
      await small.close();
    }
  });

  test('what one query leaves is not there for the next', async () => {
    await lake.queryEach('select 1', () => {});
    await expect(lake.query('select * from millrace_rows')).rejects.toThrow(/does not exist/);
  });

  test('queries at once are answered one after the other', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, (_, n) => ask(`select ${n} from events`)));
    expect(answers).toEqual([[0], [1], [2], [3], [4]]);
  });

  test('a closed lake refuses', async () => {
    await lake.close();
    await expect(lake.query('select 1')).rejects.toThrow(/closed/);
  });
});
