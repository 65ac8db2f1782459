import { describe, expect, test } from '@jest/globals';
import { uuidV7 } from '@millrace/kit/uuid';
import { identityText } from '@millrace/sdk/schema';
import { createClaimedIds } from '../../src/core/repeats/claimed-ids.js';

const event = (id: string) => ({ event_id: id, stream_id: 'stream-1', seq: 7 });
const idOf = (n: number) => `0193e7a0-5f2b-7c3d-8e4f-${n.toString(16).padStart(12, '0')}`;
const id = (n: number) => event(idOf(n));

describe('the ids of events that are safe', () => {
  test('are known once they are claimed, and not while they are on their way', () => {
    const ids = createClaimedIds(1_000);
    const [first, second] = [ids.begin('k'), ids.begin('k')];
    expect([first.isRepeat(id(1)), second.isRepeat(id(1))]).toEqual([false, false]);
    first.commit();
    expect(ids.begin('k').isRepeat(id(1))).toBe(true);
    second.commit();
    expect([ids.begin('k').isRepeat(id(1)), ids.begin('k').isRepeat(id(2))]).toEqual([true, false]);
  });

  test('of a request that failed none is claimed', () => {
    const ids = createClaimedIds(1_000);
    expect(ids.begin('k').isRepeat(id(1))).toBe(false);
    expect(ids.begin('k').isRepeat(id(1))).toBe(false);
  });

  test('come twice within a request: the second is a repetition', () => {
    const claims = createClaimedIds(1_000).begin('k');
    expect([claims.isRepeat(id(1)), claims.isRepeat(id(2)), claims.isRepeat(id(1))]).toEqual([false, false, true]);
  });

  test('are told apart by write key, and not by the case of their digits', () => {
    const ids = createClaimedIds(1_000);
    const claims = ids.begin('k');
    claims.isRepeat(id(0xabc));
    claims.commit();
    expect(ids.begin('k').isRepeat(event(idOf(0xabc).toUpperCase()))).toBe(true);
    expect(ids.begin('other').isRepeat(id(0xabc))).toBe(false);
  });

  test('that an earlier process stored are known under every write key, until many others have come', () => {
    const events = 1_000;
    const ids = createClaimedIds(events);
    ids.know([1, 2].map((n) => identityText(id(n))));
    ids.know([identityText(id(3)), 'no event', '_quarantine/_invalid_event/2026/x']);
    for (const key of ['k', 'other']) {
      const claims = ids.begin(key);
      expect([1, 2, 3, 4].map((n) => claims.isRepeat(id(n)))).toEqual([true, true, true, false]);
    }
    for (let n = 0; n < 4 * events; n++) {
      const claims = ids.begin('k');
      claims.isRepeat(id(100 + n));
      claims.commit();
    }
    expect(ids.begin('k').isRepeat(id(1))).toBe(false);
  });

  test('hide no other event: not one of another stream, nor of another place in it, nor two that share all but one', () => {
    const ids = createClaimedIds(1_000);
    const first = ids.begin('k');
    first.isRepeat(id(1));
    first.commit();
    ids.know([identityText(id(2))]);
    for (const n of [1, 2]) {
      const others = [{ seq: 6 }, { seq: 8 }, { stream_id: 'stream-2' }, { stream_id: 'Stream-1' }, { stream_id: '' }];
      for (const other of others) expect(ids.begin('k').isRepeat({ ...id(n), ...other })).toBe(false);
      expect(ids.begin('k').isRepeat(id(n))).toBe(true);
    }
    const claims = ids.begin('k');
    const sent = [0, 1, 2, 1].map((seq) => claims.isRepeat({ ...id(3), seq }));
    expect(sent).toEqual([false, false, false, true]);
  });

  test('the latest are kept, the oldest forgotten, and no new one is taken for an old one', () => {
    const events = 10_000;
    const ids = createClaimedIds(events);
    const all = Array.from({ length: 10 * events }, (_, i) =>
      i % 2 === 0 ? id(i) : event(uuidV7(1_795_000_000_000 + i)),
    );
    let mistaken = 0;
    for (const one of all) {
      const claims = ids.begin('k');
      if (claims.isRepeat(one)) mistaken += 1;
      claims.commit();
    }
    expect(mistaken).toBe(0);
    const known = all.map((one) => ids.begin('k').isRepeat(one));
    expect(known.slice(-events).every(Boolean)).toBe(true);
    expect(known.filter(Boolean).length).toBeLessThanOrEqual(4 * events);
    expect(known[0]).toBe(false);
  });
});
