import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFollowedEvents } from '../src/live/followed-events.js';
import { liveLimits } from '../src/live/limits.js';
import { createPassedOver } from '../src/live/passed-over.js';
import { type ShownStep, shownStep, stepNames } from '../src/live/shown-step.js';
import { newEventId, stepOf } from './helpers/test-feed.js';

describe('the choice of events', () => {
  test('while a person can follow, every step of every event is shown', () => {
    let now = 0;
    const followed = createFollowedEvents(liveLimits, () => now);
    for (let count = 0; count < 500; count += 1) {
      now += 1000 / liveLimits.newEventsPerSecond;
      const event_id = newEventId();
      for (const step of stepNames) expect(followed.take(stepOf({ event_id, step }), false)).toBeDefined();
    }
  });

  test('at 10,000 events a second a bounded number is shown, each of them from its first step to its last', () => {
    let now = 0;
    const followed = createFollowedEvents(liveLimits, () => now);
    const shown = new Map<string, string[]>();
    const take = (step: Parameters<typeof followed.take>[0]) => {
      const taken = followed.take(step, false);
      if (taken) shown.set(taken.identity, [...(shown.get(taken.identity) ?? []), taken.step]);
    };
    // 4 seconds; each event is in the stream 0.2 s later and in an object 2 s later, so 20,000 are on their way.
    const ids = Array.from({ length: 40_000 }, newEventId);
    for (let index = 0; index < ids.length + 20_000; index += 1) {
      now = index / 10;
      if (ids[index]) take(stepOf({ event_id: ids[index]!, step: 'received' }));
      if (ids[index - 2000]) take(stepOf({ event_id: ids[index - 2000]!, step: 'in_stream' }));
      if (ids[index - 20_000]) take(stepOf({ event_id: ids[index - 20_000]!, step: 'in_object' }));
    }
    const expected = liveLimits.newEventsBurst + 4 * liveLimits.newEventsPerSecond;
    expect(shown.size).toBeGreaterThanOrEqual(expected - 2);
    expect(shown.size).toBeLessThanOrEqual(expected + 2 * liveLimits.newEventsPerSecond);
    const whole = [...shown.values()].filter((steps) => steps.join() === stepNames.join());
    expect(whole.length / shown.size).toBeGreaterThan(0.98);
  });

  test('the events of those who watch are shown however busy it is', () => {
    const followed = createFollowedEvents(liveLimits, () => 0);
    for (let count = 0; count < 1000; count += 1) followed.take(stepOf(), false);
    expect(followed.take(stepOf(), false)).toBeUndefined();
    expect(followed.take(stepOf(), true)).toBeDefined();
  });

  test('an event put straight into the stream is shown from there; one that is only seen in an object is not', () => {
    const followed = createFollowedEvents(liveLimits, () => 0);
    expect(followed.take(stepOf({ step: 'in_stream' }), false)).toBeDefined();
    expect(followed.take(stepOf({ step: 'in_object' }), false)).toBeUndefined();
  });

  test('a step that comes twice is shown once, and steps may come in any order', () => {
    const followed = createFollowedEvents(liveLimits, () => 0);
    const event_id = newEventId();
    expect(followed.take(stepOf({ event_id, step: 'in_stream' }), false)).toBeDefined();
    expect(followed.take(stepOf({ event_id, step: 'in_stream' }), false)).toBeUndefined();
    expect(followed.take(stepOf({ event_id, step: 'received' }), false)).toBeDefined();
  });

  test('whatever comes, what is kept stays within its limits', () => {
    const limits = { ...liveLimits, newEventsBurst: 1e9, followedEvents: 20, lineCharacters: 1000, lineLength: 400 };
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            id: fc.integer({ max: 60, min: 0 }),
            step: fc.constantFrom(...stepNames),
            length: fc.integer({ min: 0, max: 600 }),
          }),
          {
            maxLength: 300,
          },
        ),
        (steps) => {
          const followed = createFollowedEvents(limits, () => 0);
          const most = { events: 0, characters: 0, replayed: 0 };
          for (const { id, step, length } of steps) {
            followed.take(stepOf({ event_id: `e${id}`, step, line: () => 'x'.repeat(length) }), false);
            most.events = Math.max(most.events, followed.kept.events);
            most.characters = Math.max(most.characters, followed.kept.lineCharacters);
            most.replayed = Math.max(most.replayed, followed.latest(30).length);
          }
          expect(most.events).toBeLessThanOrEqual(20);
          expect(most.characters).toBeLessThanOrEqual(1000);
          expect(most.replayed).toBeLessThanOrEqual(30);
          const kept = Array.from({ length: 61 }, (_, id) => followed.find(`e${id}`)?.line?.length ?? 0);
          expect(kept.reduce((sum, each) => sum + each, 0)).toBe(followed.kept.lineCharacters);
        },
      ),
    );
  });

  test('a replay has whole events only, oldest first', () => {
    const followed = createFollowedEvents({ ...liveLimits, newEventsBurst: 1e9 }, () => 0);
    const ids = Array.from({ length: 100 }, newEventId);
    for (const event_id of ids) for (const step of stepNames) followed.take(stepOf({ event_id, step }), false);
    const replay = followed.latest(200);
    expect(replay).toHaveLength(198);
    expect([...new Set(replay.map(({ event_id }) => event_id))]).toEqual(ids.slice(-66));
  });
});

test('passed-over ids are remembered while tens of thousands follow, and others are not taken for them', () => {
  const passedOver = createPassedOver();
  const ids = Array.from({ length: 30_000 }, newEventId);
  for (const id of ids) passedOver.add(id);
  expect(ids.filter((id) => !passedOver.has(id)).length).toBeLessThan(60);
  expect(Array.from({ length: 30_000 }, newEventId).filter((id) => passedOver.has(id)).length).toBeLessThan(5);
});

const fieldNames = [
  ...['step', 'kind', 'identity', 'event_id', 'page', 'event', 'visitor_id', 'item_name', 'site', 'shard_id', 'key'],
  ...['code', 'path', 'reason', 'raw'],
];

test('whatever a step holds, what is sent is short and of the right types', () => {
  fc.assert(
    fc.property(
      fc.record({ step: fc.constantFrom(...stepNames) }),
      fc.dictionary(
        fc.constantFrom(
          'event_id',
          'identity',
          'kind',
          'site',
          'is_bot',
          'code',
          'path',
          'reason',
          'raw',
          'events',
          'page',
          'event',
          'at',
          'visitor_id',
          'item_name',
          'shard_id',
          'key',
          'line',
          '__proto__',
          'extra',
        ),
        fc.anything({ withBigInt: true }),
      ),
      (base, fields) => {
        const shown = shownStep({ ...fields, ...base } as never) as ShownStep & Record<string, unknown>;
        const { at, is_bot: isBot, ...texts } = shown;
        expect(Number.isFinite(at)).toBe(true);
        expect(['boolean', 'undefined']).toContain(typeof isBot);
        for (const [name, text] of Object.entries(texts)) {
          expect(fieldNames).toContain(name);
          expect(typeof text).toBe('string');
          expect((text as string).length).toBeLessThanOrEqual(1024);
        }
        expect(() => JSON.stringify(shown)).not.toThrow();
      },
    ),
  );
});
