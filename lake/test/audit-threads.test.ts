import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type LedgerIdentity, ledgerText } from '@millrace/sdk/schema';
import { event, temporaryLake } from '@millrace/testing/lake-fixture';
import { openLake } from '../src/index.js';

let at: ReturnType<typeof temporaryLake>;
beforeEach(() => {
  at = temporaryLake();
});
afterEach(() => at.remove());

test('a lake read on several threads gives the report of one: streams, ledger, copies and damage over objects', async () => {
  const title = 'x'.repeat(1_000);
  const streams = Array.from({ length: 900 }, (_, n) =>
    Array.from({ length: 25 }, (_, seq) => {
      const after = seq === 0 && n > 0 ? { after_stream_id: `s${n - 1}`, after_seq: 25 + (n % 3) } : {};
      return event({ stream_id: `s${n}`, seq: seq + (n % 5 === 0 ? 1 : 0), title, sdk: `a/${n % 7}`, ...after });
    }),
  );
  const rows = streams.map((events, server_row) => ({
    server: 'run.0',
    server_row,
    received_at: '2026-11-23T08:00:00.300Z',
    acknowledged: ledgerText(events as unknown as LedgerIdentity[]),
  }));
  at.put('_ledger', '_acknowledged', ...rows.slice(0, 500));
  at.put('_ledger', '_acknowledged', ...rows.slice(501));
  const all = streams.flat();
  for (let part = 0; part < 6; part++) {
    const lines = all.filter((_, n) => n % 6 === part && n % 100 !== 7).map((each) => `${JSON.stringify(each)}\n`);
    const key = at.writeBytes(`page=books/event=x${part}/a`, lines.join(''));
    // A copy, and a line that is torn.
    writeFileSync(at.file(key), `${lines[0]}{"torn"`, { flag: 'a' });
  }
  at.writeBytes('page=books/event=y/cut.gz', Buffer.from('1f8b0800', 'hex'));
  const raw = JSON.stringify(all[7]);
  at.put('_quarantine', '_invalid_event', { event_id: 'x', reason: 'r', raw });
  const lake = await openLake({ folder: at.folder });
  try {
    const alone = await lake.audit({ settleMs: 0, threads: 1 });
    expect(alone).toMatchObject({
      verdict: 'lost',
      lost_by_us: 223,
      duplicates: { rows: 6 },
      ledger: { missing_rows: 1 },
    });
    expect(alone.damaged).toHaveLength(7);
    expect(await lake.audit({ settleMs: 0, threads: 3 })).toEqual(alone);
    await expect(lake.audit({ threads: 3, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  } finally {
    await lake.close();
  }
});
