import { expect, test } from '@jest/globals';
import { event, temporaryLake } from '@millrace/testing/lake-fixture';
import { LineAdder } from '../src/audit/add-line.js';
import { marks } from '../src/audit/facts.js';
import { PartedFacts } from '../src/audit/parted-facts.js';
import { readColumns } from '../src/audit/read-columns.js';
import { openLake } from '../src/index.js';

const times = [
  '2026-11-23T08:00:00.000Z',
  '2026-02-29T08:00:00.000Z',
  '2024-02-29T08:00:00.000Z',
  '2026-11-31T08:00:00.000Z',
  '2026-12-31T23:59:59.999Z',
  '2026-11-23T24:00:00.000Z',
  '2026-11-23T23:59:60.000Z',
  '2026-11-23T08:60:00.000Z',
  '2026-00-23T08:00:00.000Z',
  '2026-11-00T08:00:00.000Z',
  '2000-03-01T00:00:00.000Z',
  '2100-02-28T00:00:00.000Z',
  '2100-03-01T00:00:00.000Z',
  '1970-01-01T00:00:00.000Z',
  '1969-12-31T23:59:59.999Z',
  '2026-11-23 08:00:00',
  '2026-11-23',
  '2026-1-3',
  '2026/11/23',
  '2026-11-23T08:00Z',
  '2026-11-23T8:00:00Z',
  '2026-11-23T08:00:00+02',
  '2026-11-23T08:00:00-0230',
  '2026-11-23T08:00:00+02:30',
  '2026-11-23T08:00:00 UTC',
  '2026-11-23T08:00:00.5Z',
  '2026-11-23T08:00:00.',
  '2026-11-23T08:00:00.9999Z',
  '2026-11-23t08:00:00Z',
  '2026-11-23T08:00:00z',
  '20261123',
  '1700000000',
  'soon',
  '',
  '2026-11-2AT08:00:00.000Z',
];
const integers = [
  '1',
  '007',
  '1.5',
  '2.5',
  '-1.5',
  '1e3',
  '1E400',
  ' 7 ',
  '+7',
  '',
  '-',
  '1_000',
  '0x10',
  '1.',
  '.5',
  'true',
  '9223372036854775808',
  '1e-1',
  '٣',
];
const literals = [
  '1',
  '1.0',
  '-1',
  '1e2',
  '1E400',
  'true',
  'null',
  '{"a":1}',
  '[]',
  '0.1',
  '12345678901234567',
  '123456789012345678901234567890',
];

test('a value that a query sees as NULL is a misfit of the audit, and no other is', async () => {
  const cases = [
    ...times.map((text) => ['occurred_at', JSON.stringify(text)] as const),
    ...integers.map((text) => ['item_quantity', JSON.stringify(text)] as const),
    ...literals.flatMap(
      (text) =>
        [
          ['item_quantity', text],
          ['item_price', text],
          ['event_time', text],
        ] as const,
    ),
  ];
  const texts = cases.map(([column, json], seq) => {
    const line = JSON.stringify(event({ occurred_at: undefined, event_time: undefined, seq }));
    return `${line.slice(0, -1)},"${column}":${json}}`;
  });
  const at = temporaryLake();
  const lake = await openLake({ folder: at.folder });
  const facts = new PartedFacts(1, 1);
  const adder = new LineAdder(facts, readColumns);
  try {
    at.put('books', 'x', ...texts);
    const { rows } = await lake.query(
      `select occurred_at is null and item_quantity is null and item_price is null and event_time is null from events order by seq`,
    );
    for (const [row, [column, json]] of cases.entries()) {
      const line = Buffer.from(texts[row]!);
      adder.begin(line, 'books');
      expect(adder.add(0, line.length, 0)).toBe(true);
      const misfit = (facts.parts[0]!.events.at.check.get(row) & marks.misfit) !== 0;
      const isNull = rows[row]![0] === true && json !== 'null';
      expect({ column, json, misfit }).toEqual({ column, json, misfit: isNull });
    }
  } finally {
    await lake.close();
    at.remove();
  }
});

test('whichever byte stands wherever in a text, a line is one for the audit when it is one for JSON', () => {
  const adder = new LineAdder(new PartedFacts(1, 1), readColumns);
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const isJson = (bytes: Uint8Array) => {
    try {
      return JSON.parse(strict.decode(bytes)) !== null;
    } catch {
      return false;
    }
  };
  for (const name of ['title', 'event_id', 'unknown']) {
    for (let place = 0; place < 9; place++) {
      for (let byte = 0; byte < 256; byte++) {
        const line = Buffer.from(`{"${name}":"abcdefghi"}\n`);
        line[line.indexOf('abcdefghi') + place] = byte;
        adder.begin(line, 'books');
        const isLine = adder.add(0, line.length - 1, 0);
        if (isLine !== isJson(line.subarray(0, -1))) expect({ name, place, byte }).toBe('the same for both');
      }
    }
  }
});
