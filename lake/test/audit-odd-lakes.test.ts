import { expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { LineSplitter } from '../src/audit/split-lines.js';
import { auditFiles } from './audit-files.js';
import { reference } from './audit-reference.js';
import { type OddFile, oddFiles, readSlowly } from './odd-lake.js';
import { type Dice, dices, faultyLake } from './random-lake.js';

/** The verdict by the words of docs/guarantees.md: the first that fits. */
function verdictOf(files: readonly OddFile[], truth: ReturnType<typeof reference>) {
  const { damaged, strange } = readSlowly(files);
  const isUnread = damaged + strange + truth.unreadable > 0;
  const hasLedger = truth.lost_by_us !== null;
  if ((truth.lost_by_us ?? 0) > 0 || truth.without_ledger.missing > 0) return 'lost';
  const isNothing = truth.rows === 0 && truth.acknowledged === 0 && truth.streams.total === 0;
  const isLedgerDoubtful = truth.missingRows + truth.unreadableRows + truth.unexplained > 0;
  if (isNothing && !isUnread && !isLedgerDoubtful) return 'nothing';
  if (isUnread || isLedgerDoubtful || (!hasLedger && truth.implausible > 0)) return 'cannot_say';
  return 'complete';
}

test(`lakes of odd lines and objects give the verdict and the numbers of a slow reference${leavesOut('488 of 500 runs')}`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.noShrink(dices), async (dice: Dice) => {
      const files = oddFiles(dice, faultyLake(dice).objects());
      const { objects, damaged, strange } = readSlowly(files);
      const truth = reference(objects);
      const { perStream, unreadable, missingRows, unreadableRows, acknowledged, ...numbers } = truth;
      const report = await auditFiles(files);
      const { ledger } = report;
      expect({
        ...report,
        unreadable: report.damaged.reduce((sum, each) => sum + (each.unreadableLines ?? 0), 0),
        damaged: report.damaged.filter((each) => each.unreadableLines === null).length,
        strange: report.strange.length,
        missingRows: ledger.missing_rows,
        unreadableRows: ledger.unreadable_rows,
        acknowledged: ledger.acknowledged,
      }).toMatchObject({
        ...numbers,
        verdict: verdictOf(files, truth),
        ...{ unreadable, damaged, strange, missingRows, unreadableRows, acknowledged },
      });
      for (const { stream_id, missing, lost_by_us } of report.worst) {
        expect({ stream_id, missing, lost: lost_by_us }).toEqual({ stream_id, ...perStream.get(stream_id) });
      }
    }),
    { numRuns: inForm(12, 500) },
  );
});

test('a text that comes in chunks of any size gives its lines', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('\n', 'a', 'ä', '\r', '{"a":1}')),
      fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
      (parts, sizes) => {
        const bytes = Buffer.from(parts.join(''));
        const found: string[] = [];
        const splitter = new LineSplitter((source, from, to) => {
          expect(source[to]).toBe(0x0a);
          found.push(source.toString('utf8', from, to));
        });
        for (let from = 0; from < bytes.length; ) {
          const to = from + (sizes.next().value as number);
          splitter.push(bytes.subarray(from, to));
          from = to;
        }
        splitter.end();
        const wanted = bytes.toString().split('\n');
        if (wanted.at(-1) === '') wanted.pop();
        expect(found).toEqual(wanted);
      },
    ),
  );
});

test.each([
  ['at once', [20_000_000]],
  ['in chunks', Array.from({ length: 20 }, () => 1_000_000)],
])('a line that is too long to be one, %s, costs itself alone', (_, chunks) => {
  const found: string[] = [];
  const splitter = new LineSplitter((source, from, to) =>
    found.push(source.toString('utf8', from, Math.min(to, from + 9))),
  );
  splitter.push(Buffer.from('a\n{}'));
  for (const size of chunks) splitter.push(Buffer.alloc(size, ' '));
  splitter.push(Buffer.from('\nb'));
  splitter.end();
  expect(found).toEqual(['a', '…', 'b']);
});
