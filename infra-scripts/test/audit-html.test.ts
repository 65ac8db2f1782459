import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AuditReport, openLake } from '@millrace/lake';
import { type LedgerIdentity, ledgerText } from '@millrace/sdk/schema';
import { event, temporaryLake } from '@millrace/testing/lake-fixture';
import { auditHtml } from '../src/cli/html/audit-html.js';
import { axisSteps, barChart } from '../src/cli/html/bar-chart.js';

let at: ReturnType<typeof temporaryLake>;
beforeEach(() => {
  at = temporaryLake();
});
afterEach(() => at.remove());

async function audited(): Promise<AuditReport> {
  const lake = await openLake({ folder: at.folder });
  try {
    return await lake.audit({ settleMs: 0 });
  } finally {
    await lake.close();
  }
}

const page = (report: AuditReport, what = 'lake') => auditHtml(report, what, new Date('2026-11-30T18:00:00.000Z'));
const elements = (html: string) => [...html.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)];

/** Each element that is opened is closed, in order; but for those that have no end. */
function expectWhole(html: string) {
  const open: string[] = [];
  for (const [, isEnd, name, isEmpty] of elements(html)) {
    if (isEmpty || ['meta', 'doctype'].includes(name!)) continue;
    if (isEnd) expect(open.pop()).toBe(name);
    else open.push(name!);
  }
  expect(open).toEqual([]);
}

const hostile = '"><script>alert(1)</script>\u0000';

describe('the audit as a page', () => {
  test.each<[AuditReport['verdict'], string, () => void]>([
    ['nothing', 'Nothing to audit', () => {}],
    ['complete', 'Proved complete', () => at.put('books', 'x', event({ seq: 0 }))],
    ['lost', 'Events were lost', () => at.put('books', 'x', event({ seq: 3 }))],
    [
      'cannot_say',
      'Cannot say',
      () => at.writeBytes('page=books/event=x/a', `${JSON.stringify(event({ seq: 0 }))}\n{`),
    ],
  ])('is whole and needs no script, network or other file: %s', async (verdict, headline, make) => {
    make();
    const report = await audited();
    expect(report.verdict).toBe(verdict);
    const html = page(report);
    expectWhole(html);
    expect(html).toContain(`<strong>${headline}</strong>`);
    expect(html).not.toMatch(/<script|<link|<img|href=|src=|url\(|@import|\son\w+=/i);
    expect(html).toContain("default-src 'none'");
  });

  test('shows what was lost, by hour, with its cause and the rule of each number', async () => {
    const all = Array.from({ length: 4 }, (_, seq) => event({ stream_id: hostile, seq, sdk: hostile, site: 'shop' }));
    const row = { server: 'run.0', server_row: 0, received_at: '2026-11-23T08:00:00.300Z' };
    at.put('_ledger', '_acknowledged', { ...row, acknowledged: ledgerText(all as unknown as LedgerIdentity[]) });
    at.put('books', 'x', ...all.slice(2));
    at.put('_quarantine', '_too_large', { event_id: 'x', reason: 'r', raw: JSON.stringify(all[0]) });
    const html = page(await audited(), hostile);
    expectWhole(html);
    expect(html).not.toContain('<script');
    expect(html).toContain('2026-11-23 08:00 UTC: lost by us 1, never acknowledged 0');
    expect(html).toContain('<td>too_large</td><td class="number">1</td>');
    expect(html).toContain('acknowledged by a server, and in no object');
  });
});

describe('a chart', () => {
  test.each([
    [0, [0, 1]],
    [3, [0, 1, 2, 3]],
    [7, [0, 2, 4, 6, 8]],
    [999, [0, 500, 1_000]],
    [12_345, [0, 5_000, 10_000, 15_000]],
  ])('has an axis of round numbers up to what it shows: %s', (most, steps) => {
    expect(axisSteps(most)).toEqual(steps);
  });

  test.each([1, 9, 200, 5_000, 90_000])('has times on its axis, at most eight: %s hours', (hours) => {
    const bars = [0, hours].map((hour) => ({ time: hour * 3_600_000, values: [1] }));
    const svg = barChart({ title: 't', series: [{ name: 'a', color: 'blue' }], bars, width: 3_600_000 });
    const times = [...svg.matchAll(/text-anchor="middle">([^<]+)</g)].map(([, time]) => time);
    expect(times.length).toBeGreaterThan(0);
    expect(times.length).toBeLessThanOrEqual(8);
    expect(svg).not.toContain('NaN');
  });

  test('shows a single event among millions', () => {
    const bars = [
      { time: 0, values: [5_000_000, 0] },
      { time: 3_600_000, values: [0, 1] },
    ];
    const series = ['a', 'b'].map((name) => ({ name, color: 'red' }));
    expect(barChart({ title: 't', series, bars, width: 3_600_000 })).toMatch(/b 1<.*height="1\.0"/);
  });
});
