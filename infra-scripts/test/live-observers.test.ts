import { beforeEach, expect, test } from '@jest/globals';
import { createLiveFeed, type LiveStep } from '@millrace/demo-store/live-feed';
import { someEvent } from '@millrace/testing/event';
import { liveDelivery, liveIngest } from '../src/runtime/live-observers.js';

let steps: LiveStep[];
let ingest: ReturnType<typeof liveIngest>;
let delivery: ReturnType<typeof liveDelivery>;
beforeEach(() => {
  steps = [];
  const feed = createLiveFeed();
  feed.subscribe((step) => steps.push(step));
  ingest = liveIngest(feed);
  delivery = liveDelivery(feed);
});

const from = { deliveryStream: 'd', shardId: 'shardId-000000000001', at: 1 };
const read = (row: object) => delivery.read(row as Record<string, unknown>, from);
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
  expect(kinds()).toEqual([
    'in_stream stored 1',
    'in_stream direct 1',
    'in_stream direct 1',
    'in_stream refused 1',
    'in_object refused 1',
  ]);
  expect(steps[4]).toMatchObject({ code: 'invalid_event', path: '/item_quantity', reason: 'must be a number: or so' });
  expect(steps[4]!.raw).toHaveLength(200);
  expect(steps[4]!.line!().length).toBeLessThan(16_000);
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
