import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { readLedger } from '@millrace/sdk/schema';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { auditFiles } from './audit-files.js';
import { type PlainObject, reference } from './audit-reference.js';
import { type Dice, dices, faultyLake, id, ledgerOf, RandomLake, type Sent, sent } from './random-lake.js';

const audited = (objects: readonly PlainObject[]) =>
  auditFiles(
    objects.map(({ key, lines }) => {
      const text = lines.map((line) => `${line}\n`).join('');
      return { key, bytes: key.endsWith('.gz') ? gzipSync(text) : Buffer.from(text) };
    }),
  );

test(`every number is that of a slow reference, on lakes of odd lines, faults and forgeries${leavesOut('960 of 1,000 runs')}`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.noShrink(dices), async (dice) => {
      const objects = faultyLake(dice).objects();
      const { perStream, unreadable, missingRows, unreadableRows, acknowledged, ...wanted } = reference(objects);
      const report = await audited(objects);
      expect(report).toMatchObject(wanted);
      expect(report.damaged.reduce((sum, each) => sum + (each.unreadableLines ?? 0), 0)).toBe(unreadable);
      const { ledger } = report;
      expect({
        missingRows: ledger.missing_rows,
        unreadableRows: ledger.unreadable_rows,
        acknowledged: ledger.acknowledged,
      }).toEqual({ missingRows, unreadableRows, acknowledged });
      for (const { stream_id, missing, lost_by_us } of report.worst) {
        expect({ stream_id, missing, lost: lost_by_us }).toEqual({ stream_id, ...perStream.get(stream_id) });
      }
    }),
    { numRuns: inForm(40, 1_000) },
  );
});

/** A lake in which all that was acknowledged is, with forgeries of somebody who has the key, and its ledger. */
function honestLake(dice: Dice): { events: Sent[]; lake: RandomLake } {
  const lake = new RandomLake(dice);
  const events = sent(dice, true);
  for (const row of ledgerOf(dice, events)) lake.put('page=_ledger/event=_acknowledged', JSON.stringify(row));
  for (const event of events) {
    lake.event(event);
    if (dice.once(6)) lake.event(event);
    if (dice.once(6)) lake.quarantine({ ...event, event_id: id(), seq: dice.one([0, 7, 1e15]) });
  }
  return { events, lake };
}

test(`with objects deleted, lost by us is exactly what was in them, whatever an attacker adds${leavesOut('960 of 1,000 runs')}`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.noShrink(dices), async (dice) => {
      const { events, lake } = honestLake(dice);
      const isKept = ({ key }: PlainObject) => key.startsWith('page=_') || !dice.once(3);
      const kept = lake.objects().filter(isKept);
      const left = new Set(kept.flatMap(({ lines }) => lines.map((line) => JSON.parse(line).event_id as string)));
      const lost = events.filter(({ event_id }) => !left.has(event_id));
      const report = await audited(kept);
      expect(report).toMatchObject({
        verdict: lost.length > 0 ? 'lost' : 'complete',
        lost_by_us: lost.length,
        without_ledger: { events: 0, missing: 0 },
        unexplained: 0,
      });
      for (const stream of new Set(events.map(({ stream_id }) => stream_id))) {
        const found = report.worst.find(({ stream_id }) => stream_id === stream);
        // And which they were, though somebody fills the quarantine with their numbers.
        const seqs = lost.filter(({ stream_id }) => stream_id === stream).map(({ seq }) => seq);
        const runs = (found?.lost ?? []).flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, n) => first + n),
        );
        expect({ stream, seqs: runs }).toEqual({ stream, seqs: [...new Set(seqs)].sort((a, b) => a - b) });
        expect({ stream, lost: found?.lost_by_us ?? 0 }).toEqual({
          stream,
          lost: lost.filter(({ stream_id }) => stream_id === stream).length,
        });
        // Of honest streams nothing else is missing: what the page numbered was acknowledged.
        if (!stream.startsWith('evil')) expect(found?.never_acknowledged ?? 0).toBe(0);
      }
    }),
    { numRuns: inForm(40, 1_000) },
  );
});

test(`a lake that lacks rows of the ledger is never called complete${leavesOut('360 of 400 runs')}`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.noShrink(dices), async (dice) => {
      const { events, lake } = honestLake(dice);
      const rows = lake.objects().flatMap(({ key, lines }) => (key.startsWith('page=_ledger') ? lines : []));
      const dropped = dice.one(rows);
      const kept = lake.objects().map(({ key, lines }) => ({ key, lines: lines.filter((line) => line !== dropped) }));
      const report = await audited(kept);
      expect(report.lost_by_us ?? 0).toBe(0);
      // When nothing is left of what a server wrote, its events may look like those of a time before the ledger.
      const server = JSON.parse(dropped).server;
      const isAll = rows.every((row) => row === dropped || JSON.parse(row).server !== server);
      // Nor is it known that the ledger had begun, when all that the row named was received before the rest.
      const isIn = (row: string, { stream_id, seq }: Sent) =>
        (readLedger(JSON.parse(row).acknowledged) ?? []).some((e) => e.streamId === stream_id && e.seq === seq);
      const named = events.filter((each) => rows.some((row) => row !== dropped && isIn(row, each)));
      const begin = named.map(({ received_at }) => String(received_at)).sort()[0] ?? '';
      const those = events.filter((each) => isIn(dropped, each));
      const before = those.filter(({ received_at }) => String(received_at) < begin);
      if (isAll || before.length === those.length) return;
      // A gap before those from before the ledger is missing by the page's word alone, as in a lake without one.
      if (before.length > 0) expect(report.verdict).not.toBe('complete');
      else expect(report.verdict).toBe('cannot_say');
    }),
    { numRuns: inForm(40, 400) },
  );
});
