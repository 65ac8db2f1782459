import { describe, expect, test } from '@jest/globals';
import { createLiveHub, type LiveCounts } from '../src/live/hub.js';
import { liveLimits } from '../src/live/limits.js';
import { type ShownStep, stepNames } from '../src/live/shown-step.js';
import { createManualClock } from './helpers/manual-clock.js';
import { createTestFeed, newEventId, stepOf } from './helpers/test-feed.js';

interface Message {
  event: string;
  data: { steps?: ShownStep[]; counts: LiveCounts };
}

function setUp() {
  const { clock, advance } = createManualClock();
  const source = createTestFeed();
  const hub = createLiveHub(source.feed, clock);
  const join = (visitorId?: string) => {
    const messages: Message[] = [];
    const client = {
      visitorId,
      closed: false,
      send(text: string) {
        const parsed = /^event: (\w+)\ndata: ([^\n]*)\n\n$/.exec(text);
        expect(parsed).not.toBeNull();
        messages.push({ event: parsed![1]!, data: JSON.parse(parsed![2]!) });
      },
      close() {
        this.closed = true;
      },
    };
    const added = hub.add(client);
    return { client, messages, added, steps: () => messages.flatMap(({ data }) => data.steps ?? []) };
  };
  return { hub, source, clock, advance, join };
}

describe('the live view', () => {
  test('a step reaches every browser within the time of a flush, with the counts', () => {
    const { source, advance, join } = setUp();
    const [one, two] = [join(), join()];
    const step = stepOf({ item_name: 'A\nB', visitor_id: 'v' });
    source.emit(step);
    advance(liveLimits.flushMs);
    expect(one.steps()).toEqual([{ ...step, kind: 'stored', identity: step.event_id }]);
    expect(two.messages).toEqual(one.messages);
    expect(one.messages.at(-1)!.data.counts).toMatchObject({
      steps: { received: { stored: 1 }, in_stream: {}, in_object: {} },
      shown: 1,
      notShown: 0,
    });
  });

  test('a newcomer gets what went before, at most 200 steps', () => {
    const { source, advance, join } = setUp();
    for (let count = 0; count < 300; count += 1) {
      advance(100);
      const event_id = newEventId();
      for (const step of stepNames) source.emit(stepOf({ event_id, step }));
    }
    const { messages, steps } = join();
    expect(messages).toHaveLength(1);
    expect(messages[0]!.event).toBe('hello');
    expect(messages[0]!.data.counts.steps).toEqual({
      received: { stored: 300 },
      in_stream: { stored: 300 },
      in_object: { stored: 300 },
    });
    expect(steps().length).toBeGreaterThan(190);
    expect(steps().length).toBeLessThanOrEqual(200);
  });

  test('at 10,000 events a second: every step counted, a sample shown, at most 20 messages a second', () => {
    const { source, advance, join } = setUp();
    const { messages, steps } = join();
    const seconds = 3;
    for (let tick = 0; tick < seconds * 100; tick += 1) {
      for (let count = 0; count < 100; count += 1) {
        const event_id = newEventId();
        for (const step of stepNames) source.emit(stepOf({ event_id, step }));
      }
      advance(10);
    }
    advance(1000);
    expect(messages.length).toBeLessThanOrEqual(20 * (seconds + 1));
    const { counts } = messages.at(-1)!.data;
    const all = { stored: 30_000 };
    expect(counts.steps).toEqual({ received: all, in_stream: all, in_object: all });
    expect(counts.shown + counts.notShown).toBe(30_000);
    const most = liveLimits.newEventsBurst + seconds * liveLimits.newEventsPerSecond;
    expect(counts.shown).toBeGreaterThan(most / 2);
    expect(counts.shown).toBeLessThanOrEqual(most + 1);
    expect(new Set(steps().map(({ event_id }) => event_id)).size).toBe(counts.shown);
    for (const { data } of messages) expect(data.steps?.length ?? 0).toBeLessThanOrEqual(200);
  });

  test("a watcher's own events are all shown in the middle of a flood", () => {
    const { source, advance, join } = setUp();
    const { steps } = join('me');
    const own: (string | undefined)[] = Array.from({ length: 10 }, newEventId);
    for (const event_id of own) {
      for (let count = 0; count < 1000; count += 1) source.emit(stepOf({ visitor_id: 'somebody' }));
      source.emit(stepOf({ event_id: event_id!, visitor_id: 'me' }));
      source.emit(stepOf({ event_id: event_id!, step: 'in_stream' }));
      advance(500);
    }
    const seen = steps().filter(({ event_id }) => own.includes(event_id));
    expect(seen.map(({ event_id, step }) => `${event_id} ${step}`)).toEqual(
      own.flatMap((id) => [`${id} received`, `${id} in_stream`]),
    );
  });

  test('repeats, refusals and direct puts are counted apart, and nothing is called a sample for them', () => {
    const { source, advance, join } = setUp();
    const { messages, steps } = join();
    for (const kind of ['stored', 'refused', 'unkept'] as const) source.emit(stepOf({ kind }));
    source.emit({ step: 'received', kind: 'repeated', events: 12, page: '', event: '', at: 1 });
    for (const step of ['in_stream', 'in_object'] as const) {
      const event_id = newEventId();
      for (const twice of [1, 2]) source.emit(stepOf({ step, kind: 'direct', event_id, seq: twice } as never));
      // Without an id nothing can be followed: it is counted.
      source.emit({ step, kind: 'direct', page: 'books', event: 'liked_item', at: 1 });
    }
    source.emit(stepOf({ kind: 'no such kind' as never }));
    advance(1000);
    const { counts } = messages.at(-1)!.data;
    expect(counts.steps).toEqual({
      received: { stored: 2, refused: 1, unkept: 1, repeated: 12 },
      in_stream: { direct: 3 },
      in_object: { direct: 3 },
    });
    expect(counts).toMatchObject({ shown: 5, notShown: 0 });
    expect(new Set(steps().map(({ kind }) => kind))).toEqual(new Set(['stored', 'refused', 'unkept', 'direct']));
  });

  test('a brief step shows the fields of the steps before it; alone it is counted, and not shown', () => {
    const { source, advance, join } = setUp();
    const { messages, steps } = join();
    const brief = { isBrief: true, page: '', event: '' };
    const known = stepOf({ page: 'food', site: 'shop', item_name: 'Bread' });
    source.emit(known);
    source.emit({ ...brief, step: 'in_stream', identity: known.event_id!, at: 5, shard_id: 'shard' });
    source.emit({ ...brief, step: 'in_object', identity: known.event_id!, at: 6, key: 'key' });
    for (const step of ['in_stream', 'in_object'] as const) source.emit({ ...brief, step, identity: 'unknown', at: 7 });
    advance(1000);
    const fields = { page: 'food', event: known.event, site: 'shop', item_name: 'Bread', identity: known.event_id };
    expect(steps()).toEqual([
      expect.objectContaining({ ...fields, step: 'received' }),
      expect.objectContaining({ ...fields, step: 'in_stream', at: 5, shard_id: 'shard' }),
      expect.objectContaining({ ...fields, step: 'in_object', at: 6, key: 'key' }),
    ]);
    expect(steps()[2]).not.toHaveProperty('shard_id');
    const { counts } = messages.at(-1)!.data;
    expect(counts.steps).toEqual({ received: { stored: 1 }, in_stream: { stored: 2 }, in_object: { stored: 2 } });
    expect(counts).toMatchObject({ shown: 1, notShown: 1 });
  });

  test('events with the same id and another identity are two', () => {
    const { hub, source, advance, join } = setUp();
    const { steps } = join();
    const event_id = newEventId();
    for (const identity of [`${event_id}/1/victim`, `${event_id}/1/attacker`, `_quarantine/${event_id}`]) {
      source.emit(stepOf({ event_id, identity, line: () => identity }));
    }
    advance(1000);
    expect(steps()).toHaveLength(3);
    expect(hub.find(`${event_id}/1/victim`)?.line).toBe(`${event_id}/1/victim`);
  });

  test('when nothing happens nothing is sent, and nothing is kept waiting for browsers that are gone', () => {
    const { hub, source, advance, join } = setUp();
    const { client, messages } = join();
    advance(10_000);
    const before = messages.length;
    advance(60_000);
    expect(messages.length).toBe(before);
    hub.remove(client);
    source.emit(stepOf());
    advance(10_000);
    expect(messages.length).toBe(before);
    expect(hub.size.clients).toBe(0);
  });

  test('takes no more browsers than its limit', () => {
    const { join } = setUp();
    const added = Array.from({ length: liveLimits.clients + 1 }, () => join().added);
    expect(added.filter(Boolean)).toHaveLength(liveLimits.clients);
    expect(added.at(-1)).toBe(false);
  });

  test('a step of no known kind is left out, and closing stops listening', () => {
    const { hub, source, advance, join } = setUp();
    const { client, steps } = join();
    source.emit(stepOf({ step: 'lost' as never }));
    source.emit(stepOf({ step: '__proto__' as never }));
    advance(100);
    expect(steps()).toEqual([]);
    hub.close();
    expect(source.feed.hasListeners()).toBe(false);
    expect(client.closed).toBe(true);
  });
});
