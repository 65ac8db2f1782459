import { describe, expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import type { Position } from '../src/firehose/read/position.js';
import { createBuffers, type OpenBuffer, type Target } from '../src/firehose/write/buffers.js';

const limits = { sizeBytes: 40, intervalMs: 100, maxPartitions: 3 };
const target = (key: string): Target => ({ key, counts: !key.startsWith('error') });

function write(
  buffers: ReturnType<typeof createBuffers<Target>>,
  shardId: string,
  key: string,
  text: string,
  nowMs = 0,
  sequenceNumber = '0',
): boolean {
  const buffer = buffers.append({ shardId, target: target(key), sequenceNumber, arrivalMs: nowMs, nowMs });
  const bytes = Buffer.from(text);
  buffer?.content.append(bytes, 0, bytes.length);
  return buffer !== undefined;
}

describe('buffers', () => {
  test('are due by size or by age, whichever comes first', () => {
    const buffers = createBuffers<Target>(limits, []);
    write(buffers, 's', 'small', 'x', 10);
    write(buffers, 's', 'big', 'x'.repeat(40), 20);
    expect(buffers.due(20).map((buffer) => buffer.target.key)).toEqual(['big']);
    expect(buffers.nextDueMs()).toBe(110);
    expect(buffers.due(109)).toEqual([]);
    expect(buffers.due(110).map((buffer) => buffer.target.key)).toEqual(['small']);
    expect(buffers.nextDueMs()).toBeUndefined();
  });

  test('are due at once when the clock was set back to before they were opened', () => {
    const buffers = createBuffers<Target>(limits, []);
    write(buffers, 's', 'a', 'x', 3_600_000);
    expect(buffers.due(3_600_050)).toEqual([]);
    expect(buffers.due(50)).toHaveLength(1);
  });

  test('a partition has one object on its way at a time', () => {
    const buffers = createBuffers<Target>(limits, []);
    write(buffers, 's', 'a', 'first', 0);
    const [first] = buffers.due(100);
    write(buffers, 's', 'a', 'second', 100);
    expect(buffers.due(500)).toEqual([]);
    expect(buffers.nextDueMs()).toBeUndefined();
    buffers.delivered(first!);
    expect(buffers.due(500)).toHaveLength(1);
  });

  test('a partition counts until it is delivered, and one too many is turned away', () => {
    const buffers = createBuffers<Target>(limits, []);
    for (const key of ['a', 'b', 'c']) expect(write(buffers, 's', key, 'x')).toBe(true);
    expect(write(buffers, 's', 'd', 'x')).toBe(false);
    expect(write(buffers, 's', 'error', 'x')).toBe(true);
    expect(write(buffers, 's', 'a', 'x')).toBe(true);
    const due = buffers.due(100);
    expect(write(buffers, 's', 'd', 'x')).toBe(false);
    expect(write(buffers, 's', 'a', 'again')).toBe(true);
    for (const buffer of due) buffers.delivered(buffer);
    expect(buffers.activePartitions()).toBe(1);
    expect(write(buffers, 's', 'd', 'x')).toBe(true);
  });

  test('the largest can be taken before its time', () => {
    const buffers = createBuffers<Target>(limits, []);
    write(buffers, 's', 'a', 'xx');
    write(buffers, 's', 'b', 'xxxx');
    expect(buffers.bytes()).toBe(6);
    const largest = buffers.takeLargest()!;
    expect(largest.target.key).toBe('b');
    expect(buffers.bytes()).toBe(6);
    buffers.delivered(largest);
    expect(buffers.bytes()).toBe(2);
  });

  test('a position is safe only before the first record of the shard that still waits', () => {
    const buffers = createBuffers<Target>(limits, [['s', { sequenceNumber: '7' }]]);
    expect(buffers.safe('s')).toEqual({ sequenceNumber: '7' });
    write(buffers, 's', 'a', 'x', 0);
    expect(buffers.safe('s')).toEqual({ sequenceNumber: '7' });
    buffers.advance('s', { sequenceNumber: '8' });
    write(buffers, 's', 'b', 'x', 50);
    buffers.advance('s', { sequenceNumber: '9' });
    const [a] = buffers.due(100);
    buffers.delivered(a!);
    expect(buffers.safe('s')).toEqual({ sequenceNumber: '8' });
    buffers.delivered(buffers.due(150)[0]!);
    expect(buffers.safe('s')).toEqual({ sequenceNumber: '9' });
    expect(buffers.safe('another')).toEqual({});
  });

  /**
   * Two shards of records, each with pieces for some partitions, read and delivered in any interleaving, with crashes anywhere that
   * leave only what was delivered and the positions as they were stored last.
   */
  test(`crash after any step: read again from the stored position, every piece lies in S3 at least once, in its order${leavesOut('200 of 1,000 runs')}`, () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'error');
    const shard = fc.array(fc.array(key, { maxLength: 4 }), { minLength: 1, maxLength: 12 });
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('read' as const), shard: fc.nat(1), upTo: fc.nat(4) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('flush' as const), afterMs: fc.nat(120) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('largest' as const) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), which: fc.nat(9) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('store' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
    );
    fc.assert(
      fc.property(fc.tuple(shard, shard), fc.array(action, { maxLength: 80 }), (shards, actions) => {
        let stored = new Map<string, Position>();
        const objects: { key: string; pieces: string[] }[] = [];
        let nowMs = 0;
        let buffers = createBuffers<Target>(limits, stored);
        let underway: OpenBuffer<Target>[] = [];
        /** The next record, and the piece in it: a crash or a store may come between two pieces of one record. */
        let reading = [0, 1].map(() => ({ record: 0, piece: 0 }));
        const nextOf = (position: Position | undefined) =>
          position?.sequenceNumber === undefined ? 0 : Number(position.sequenceNumber) + 1;

        const step = (index: number) => {
          const at = reading[index]!;
          const pieces = shards[index]![at.record];
          if (!pieces) return;
          if (at.piece < pieces.length) {
            const text = `${index}-${at.record}-${at.piece};`;
            const wanted = pieces[at.piece]!;
            if (!write(buffers, String(index), wanted, text, nowMs))
              write(buffers, String(index), 'error', text, nowMs);
            at.piece++;
          } else {
            buffers.advance(String(index), { sequenceNumber: String(at.record) });
            at.record++;
            at.piece = 0;
          }
        };
        const deliver = (which: number) => {
          const [buffer] = underway.splice(which % Math.max(1, underway.length), 1);
          if (!buffer) return;
          objects.push({
            key: buffer.target.key,
            pieces: Buffer.concat(buffer.content.blocks()).toString().split(';').slice(0, -1),
          });
          buffers.delivered(buffer);
        };
        const store = () => {
          stored = new Map([0, 1].map((index) => [String(index), buffers.safe(String(index))]));
        };
        for (const action of actions) {
          if (action.do === 'read') for (let n = 0; n <= action.upTo; n++) step(action.shard);
          if (action.do === 'flush') {
            nowMs += action.afterMs;
            underway.push(...buffers.due(nowMs));
          }
          if (action.do === 'largest') {
            const largest = buffers.takeLargest();
            if (largest) underway.push(largest);
          }
          if (action.do === 'deliver') deliver(action.which);
          if (action.do === 'store') store();
          if (action.do === 'crash') {
            buffers = createBuffers<Target>(limits, stored);
            underway = [];
            reading = [0, 1].map((index) => ({ record: nextOf(stored.get(String(index))), piece: 0 }));
          }
        }
        // In the end everything is read and delivered.
        for (const index of [0, 1]) while (reading[index]!.record < shards[index]!.length) step(index);
        while (buffers.undelivered() > 0) {
          underway.push(...buffers.takeAll());
          while (underway.length > 0) deliver(0);
        }
        store();

        for (const [index, records] of shards.entries()) {
          const delivered = objects.map(({ key, pieces }) => ({
            key,
            pieces: pieces.filter((piece) => piece.startsWith(`${index}-`)),
          }));
          const there = new Set(delivered.flatMap(({ pieces }) => pieces));
          for (const [record, pieces] of records.entries())
            for (const piece of pieces.keys()) expect(there).toContain(`${index}-${record}-${piece}`);
          for (const wanted of ['a', 'b', 'c', 'd']) {
            const firsts = [
              ...new Set(delivered.filter(({ key }) => key === wanted).flatMap(({ pieces }) => pieces)),
            ].map((piece) =>
              piece
                .split('-')
                .slice(1)
                .reduce((sum, part) => sum * 100 + Number(part), 0),
            );
            expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
          }
          expect(stored.get(String(index))!.sequenceNumber).toBe(String(records.length - 1));
        }
      }),
      { numRuns: inForm(200, 1_000) },
    );
  });
});

describe('what lies in S3 beyond a safe position', () => {
  /** The records 1 to 4 of one shard, to a, b, a, b; all of b is delivered. */
  function halfDelivered(remembered?: number) {
    const buffers = createBuffers<Target>(limits, [], remembered);
    for (const [sequence, key] of [...'abab'].entries()) {
      write(buffers, 's', key, 'x', 0, String(sequence + 1));
      buffers.advance('s', { sequenceNumber: String(sequence + 1) });
    }
    const [a, b] = buffers.due(100);
    buffers.delivered(b!);
    return { buffers, a: a! };
  }

  test('is stored with it, and passed over after a restart; what is not there is not', () => {
    const { buffers, a } = halfDelivered(7);
    const position = buffers.safe('s');
    expect(position).toEqual({ ahead: { version: 7, delivered: [['b', '4']] } });
    const again = createBuffers<Target>(limits, [['s', position]], 7);
    expect([1, 2, 3, 4, 5].map((n) => again.isDelivered('s', 'b', String(n)))).toEqual([true, true, true, true, false]);
    expect(again.isDelivered('s', 'a', '1')).toBe(false);
    expect(again.isDelivered('t', 'b', '1')).toBe(false);
    // Until the position itself is past it.
    expect(again.safe('s')).toEqual(position);
    buffers.delivered(a);
    expect(buffers.safe('s')).toEqual({ sequenceNumber: '4' });
  });

  test('is nothing to another configuration, or where a record may have another target next time', () => {
    const position = halfDelivered(7).buffers.safe('s');
    for (const version of [8, undefined])
      expect(createBuffers<Target>(limits, [['s', position]], version).isDelivered('s', 'b', '1')).toBe(false);
    expect(halfDelivered().buffers.safe('s')).toEqual({});
  });

  test('is not said of a target that a record was turned away from: that one may come back to it', () => {
    const buffers = createBuffers<Target>({ ...limits, maxPartitions: 1 }, [], 7);
    write(buffers, 's', 'a', 'x', 0, '1');
    buffers.advance('s', { sequenceNumber: '1' });
    expect(write(buffers, 's', 'b', 'x', 0, '2')).toBe(false);
    write(buffers, 's', 'error', 'b is one too many', 0, '2');
    buffers.advance('s', { sequenceNumber: '2' });
    const [a] = buffers.due(100);
    buffers.delivered(a!);
    write(buffers, 's', 'b', 'x', 100, '3');
    buffers.advance('s', { sequenceNumber: '3' });
    const b = buffers.due(300).find(({ target: { key } }) => key === 'b');
    buffers.delivered(b!);
    const again = createBuffers<Target>(limits, [['s', buffers.safe('s')]], 7);
    expect(again.isDelivered('s', 'b', '2')).toBe(false);
  });
});
