import { beforeEach, expect, test } from '@jest/globals';
import { createLiveFeed, type LiveStep } from '@millrace/demo-store/live-feed';
import { someEvent } from '@millrace/testing/event';
import { liveIngest } from '../src/runtime/live-observers.js';
import { publishRelayed, relayDelivery } from '../src/runtime/live-relay.js';

let steps: LiveStep[];
let ingest: ReturnType<typeof liveIngest>;
let delivery: ReturnType<typeof relayDelivery>;
beforeEach(() => {
  steps = [];
  const feed = createLiveFeed();
  feed.subscribe((step) => steps.push(step));
  ingest = liveIngest(feed);
  // As between two threads.
  delivery = relayDelivery((relayed) => publishRelayed(feed, structuredClone(relayed)));
});

const from = { deliveryStream: 'd', shardId: 'shardId-000000000001', at: 1 };
function read(row: object) {
  const note = delivery.read(row as Record<string, unknown>, from);
  delivery.flush();
  return note;
}
const stamp = { received_at: '2026-11-23T08:00:00.200Z', site: 'shop', is_bot: false };
const kinds = () => steps.map(({ step, kind, events = 1 }) => `${step} ${kind} ${events}`);

test('every event that the server took is received: stored, refused or there before', () => {
  const rejected = { event_id: 'x', code: 'invalid_json', path: '', message: 'is no JSON', raw: '{"torn' } as const;
  ingest.accepted!([
    { ...someEvent(), ...stamp },
    { ...someEvent({ seq: 1 }), ...stamp },
  ]);
  ingest.rejected!([
    { ...rejected, isKept: true },
    { ...rejected, event_id: 'y', isKept: false },
  ]);
  ingest.repeated!(12);
  expect(kinds()).toEqual([
    'received stored 1',
    'received stored 1',
    'received refused 1',
    'received unkept 1',
    'received repeated 12',
  ]);
  expect(steps[0]).toMatchObject({ site: 'shop', is_bot: false });
  expect(steps[2]).toMatchObject({ code: 'invalid_json', path: '', reason: 'is no JSON', raw: '{"torn' });
});

test('a row of the stream is stored, refused, or put straight in; the ledger’s is none', () => {
  read({ ...someEvent(), ...stamp });
  read(someEvent());
  read({ page: 'books', event: 'liked_item' });
  read({ page: '_ledger', event: '_acknowledged', received_at: stamp.received_at });
  read({ page: 7, event: 'x', event_id: 'x' });
  const note = read({
    ...{ page: '_quarantine', event: '_invalid_event', event_id: 'x', ...stamp },
    ...{ reason: '/item_quantity: must be a number: or so', raw: 'r'.repeat(1_000_000) },
  });
  delivery.delivered({ deliveryStream: 'd', bucket: 'b', key: 'k', records: 1, bytes: 1, at: 2 }, [note!]);
  delivery.flush();
  expect(kinds()).toEqual([
    'in_stream stored 1',
    'in_stream direct 1',
    'in_stream direct 1',
    'in_stream refused 1',
    'in_object refused 1',
  ]);
  expect(steps[3]).toMatchObject({ code: 'invalid_event', path: '/item_quantity', reason: 'must be a number: or so' });
  expect(steps[3]!.raw).toHaveLength(200);
  expect(steps[3]!.line!().length).toBeLessThan(16_000);
  expect(steps[4]).toMatchObject({ isBrief: true, identity: steps[3]!.identity, key: 'k', at: 2 });
});

test('the steps of one event have its identity; another with its id, and a refused one, have others', () => {
  const victim = { ...someEvent({ stream_id: 'victim' }), ...stamp };
  ingest.accepted!([victim]);
  read(victim);
  for (const stolen of [{ stream_id: 'attacker' }, { seq: 99 }, { stream_id: undefined, seq: undefined }]) {
    read({ ...victim, ...stolen });
  }
  const { event_id } = victim;
  ingest.rejected!([{ event_id, code: 'invalid_event', path: '', message: 'm', raw: 'r', isKept: true }]);
  read({ page: '_quarantine', event: '_invalid_event', event_id, ...stamp, reason: 'the event: m', raw: 'r' });
  const identities = steps.map(({ identity }) => identity);
  expect(new Set(identities).size).toBe(5);
  expect(identities[0]).toBe(identities[1]);
  expect(identities.at(-1)).toBe(identities.at(-2));
  expect(steps.at(-1)!.path).toBe('');
});

test('of a flood that nobody follows, rows are counted together, but for those put straight in and those followed', () => {
  const followed = { ...someEvent({ seq: 1_500 }), ...stamp };
  const feed = createLiveFeed();
  const published: LiveStep[] = [];
  const identities = new Set<string>();
  feed.subscribe(
    (step) => published.push(step),
    (identity) => identities.has(identity),
  );
  const relay = relayDelivery((relayed) => publishRelayed(feed, relayed));
  const rows = [
    ...Array.from({ length: 300 }, (_, seq) => ({ ...someEvent({ seq }), ...stamp })),
    followed,
    someEvent(),
    { page: '_quarantine', event: '_invalid_event', event_id: 'x', ...stamp },
  ];
  const notes = rows.map((row) => relay.read(row, from)!);
  identities.add(notes[300]!);
  relay.flush();
  relay.delivered({ deliveryStream: 'd', bucket: 'b', key: 'k', records: rows.length, bytes: 1, at: 2 }, notes);
  relay.flush();
  const shape = ({ step, kind, events = 1, isBrief = false }: LiveStep) => `${step} ${kind} ${events} ${isBrief}`;
  expect(published.slice(100).map(shape)).toEqual([
    'in_stream stored 1 true',
    'in_stream direct 1 true',
    'in_stream stored 200 false',
    'in_stream refused 1 false',
    'in_object stored 1 true',
    'in_object direct 1 true',
    'in_object stored 300 false',
    'in_object refused 1 false',
  ]);
  expect(published[100]!.identity).toBe(notes[300]);
});

test('of a flood every row is counted, and the first hundred of a message have details', () => {
  const rows = Array.from({ length: 1_000 }, (_, seq) => ({ ...someEvent({ seq }), ...stamp }));
  const notes = rows.map((row, n) => delivery.read(row, { ...from, shardId: `shard ${n % 3}`, at: n % 7 })!);
  expect(steps).toEqual([]);
  delivery.flush();
  delivery.delivered({ deliveryStream: 'd', bucket: 'b', key: 'k', records: 1_000, bytes: 1, at: 2 }, notes);
  delivery.flush();
  expect(steps).toHaveLength(2_000);
  expect(steps.slice(0, 100).map((step) => JSON.parse(step.line!()))).toEqual(rows.slice(0, 100));
  expect(steps.slice(0, 1_000).map(({ shard_id, at }) => [shard_id, at])).toEqual(
    rows.map((_, n) => [`shard ${n % 3}`, n % 7]),
  );
  expect(steps.slice(100).every(({ isBrief, line }) => isBrief && line === undefined)).toBe(true);
  expect(steps.slice(1_000).map(({ identity }) => identity)).toEqual(
    steps.slice(0, 1_000).map(({ identity }) => identity),
  );
});
