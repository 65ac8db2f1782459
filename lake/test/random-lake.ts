import { ledgerText } from '@millrace/sdk/schema';
import fc from 'fast-check';
import type { PlainObject } from './audit-reference.js';

/** Draws at random, by fast-check. */
export interface Dice {
  upTo(most: number): number;
  /** One time in `of`. */
  once(of: number): boolean;
  one<Item>(items: readonly Item[]): Item;
}

/** An event as its visitor sent it. */
export type Sent = Record<string, unknown> & { event_id: string; stream_id: string; seq: number };

const at8 = Date.parse('2026-11-23T08:00:00.000Z');
const iso = (ms: number) => new Date(ms).toISOString();
const drops = [{ full: 3 }, { full: 9, field: 1 }, { old: 10_001 }, { full: -1, early: 2 }, { full: 'x' }, {}];
let made = 0;
/** An id that no other event has. */
export const id = () => `01a2076b-4498-7156-b366-${(0x9e3779b1 * ++made).toString(16).padStart(12, '0').slice(-12)}`;

/** What the visitors sent and the servers acknowledged, in turn; `forged` with the key, in streams of the attacker's own. */
export function sent(dice: Dice, forged: boolean): Sent[] {
  const all: Sent[] = [];
  const make = (stream_id: string, seq: number, more: object = {}): Sent => {
    const happened = at8 + all.length * 700 + dice.upTo(2_000);
    const received_at = iso(happened + dice.one([50, 500, 90_000]));
    const event = {
      event_id: id(),
      event: 'x',
      page: 'y',
      stream_id,
      seq,
      event_time: iso(happened),
      received_at,
      sdk: 'a/1',
      site: 'shop',
      ...(dice.once(9)
        ? { visitor_id: `v${dice.upTo(2)}`, properties: { a: [1, { b: 'c' }], tracker_dropped: dice.one(drops) } }
        : {}),
      ...more,
    };
    all.push(event);
    return event;
  };
  for (let visitor = 0; visitor <= dice.upTo(3); visitor++) {
    let before: object = {};
    for (let number = 0; number <= dice.upTo(2); number++) {
      const stream = dice.one([`s${visitor}-${number}`, `ä ${visitor}:${number}`]);
      const length = 1 + dice.upTo(6);
      for (let seq = 0; seq < length; seq++) make(stream, seq, seq === 0 ? before : {});
      before = { after_stream_id: stream, after_seq: length - 1 };
    }
  }
  if (!forged) return all;
  const seqs = [0, 1, 2, 5, 9_999, 10_002, 30_000, 9_999_999];
  for (let n = dice.upTo(12); n > 0; n--) {
    const claim = dice.once(3) ? { after_stream_id: dice.one(['evil1', 'evil9']), after_seq: dice.one(seqs) } : {};
    make(dice.one(['evil1', 'evil2']), dice.one(seqs), claim);
  }
  return all;
}

/** Rows of the ledger that name events, as two queues of a server write them. */
export function ledgerOf(dice: Dice, events: readonly Sent[]): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  const next = [0, 0];
  let received_at = '';
  for (let from = 0; from < events.length; ) {
    const part = events.slice(from, from + 1 + dice.upTo(5));
    from += part.length;
    const queue = dice.upTo(1);
    for (const event of part) if (String(event.received_at) > received_at) received_at = String(event.received_at);
    rows.push({
      page: '_ledger',
      event: '_acknowledged',
      server: `run.${queue}`,
      server_row: next[queue]!++,
      received_at,
      acknowledged: ledgerText(part),
    });
  }
  return rows;
}

/** A line in one of the shapes that something may write. */
function shaped(dice: Dice, event: Record<string, unknown>): string {
  const shape = dice.upTo(11);
  if (shape === 1) return JSON.stringify(event, null, 1).replaceAll('\n', ' ');
  if (shape === 2) return JSON.stringify({ ...event, properties: { a: { b: ['}', '"'] } } });
  if (shape === 3 && 'seq' in event) return JSON.stringify({ ...event, seq: `${event.seq}` });
  if (shape === 4) return JSON.stringify(event).replaceAll('-7156-', '\\u002d7156-');
  if (shape === 5 && 'seq' in event) return JSON.stringify(event).replace(/"seq":(\d+)/, '"seq":$1.0');
  if (shape === 6) return JSON.stringify(event).replace(/("received_at":"[^"]*)Z"/, '$1+00"');
  if (shape === 7) return JSON.stringify({ title: 'a "quoted" \\ title', item_price: 1.5, url: null, ...event });
  if (shape === 8) return `${JSON.stringify(event)}\r`;
  return JSON.stringify(event);
}

/** Lines on their way into objects of random pages. */
export class RandomLake {
  readonly lines = new Map<string, string[]>();
  private readonly dice: Dice;
  constructor(dice: Dice) {
    this.dice = dice;
  }
  put(folder: string, ...lines: string[]): void {
    const name = this.dice.one(['a.gz', 'b', 'c.gz']);
    const key = `${folder}/${name}`;
    this.lines.set(key, [...(this.lines.get(key) ?? []), ...lines]);
  }
  event(event: Record<string, unknown>): void {
    this.put(this.dice.one(['page=books/event=x', 'page=food/event=y']), shaped(this.dice, event));
  }
  quarantine(raw: unknown): void {
    const text = typeof raw === 'string' ? raw : JSON.stringify(raw);
    this.put('page=_quarantine/event=_invalid_event', JSON.stringify({ event_id: id(), reason: 'r', raw: text }));
  }
  error(...events: unknown[]): void {
    const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
    this.put('errors/failed/2026/11/23/08', JSON.stringify({ rawData: Buffer.from(text).toString('base64') }));
  }
  objects(): PlainObject[] {
    return [...this.lines].map(([key, lines]) => ({ key, lines })).sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** Dices of fast-check. */
export const dices = fc.infiniteStream(fc.nat({ max: 2 ** 31 - 1 })).map((stream): Dice => {
  const next = () => stream.next().value as number;
  const upTo = (most: number) => next() % (most + 1);
  return { upTo, once: (of) => upTo(of - 1) === 0, one: (items) => items[upTo(items.length - 1)]! };
});

/** A lake with every fault, and forgeries, that a lake can have. */
export function faultyLake(dice: Dice): RandomLake {
  const lake = new RandomLake(dice);
  const events = sent(dice, dice.once(2));
  // A server before 0.2.0 stamps no site.
  for (const event of events) if (dice.once(9)) delete event.site;
  const ledgerFrom = dice.one([0, 0, events.length >> 1, events.length]);
  for (const row of ledgerOf(dice, events.slice(ledgerFrom))) {
    const times = dice.one([1, 1, 1, 1, 1, 2, 0]);
    for (let n = 0; n < times; n++) lake.put('page=_ledger/event=_acknowledged', shaped(dice, row));
  }
  for (const event of events) {
    const { received_at, event_id, stream_id, ...rest } = event;
    const fate = dice.upTo(24);
    if (fate <= 1) continue;
    if (fate === 2) lake.error(event, event);
    else if (fate === 3) lake.quarantine(event);
    else if (fate === 4) lake.event({ event_id, stream_id, ...rest });
    else if (fate === 5) lake.event({ ...rest, stream_id, received_at });
    else if (fate === 6) lake.event({ ...rest, event_id, received_at });
    else {
      lake.event(event);
      if (fate === 7) lake.event({ ...event, received_at: iso(at8 + dice.upTo(90_000)) });
      if (fate === 8) lake.event({ ...event, event_id: id() });
      if (fate === 9) lake.event({ ...event, seq: event.seq + 1 });
      if (fate === 10) lake.quarantine({ ...event, seq: dice.one([-1, 3, 1e15]) });
      if (fate === 11)
        lake.put(
          'page=food/event=y',
          dice.one(['{"a":', '[1]', '', 'null', '{}', '{"seq":01}', '"x"', '{"event_id":"1"}}']),
        );
      if (fate === 12) lake.quarantine(dice.one(['{"a', '[]', '']));
    }
  }
  return lake;
}
