import type { AuditReport } from '@millrace/lake';
import { doubtText, numbers, showTime, verdictText } from '../text/audit-words.js';
import { groupDigits as n } from '../text/table.js';
import { auditStyle } from './audit-style.js';
import { type BarChart, barChart } from './bar-chart.js';
import { escapeHtml as e } from './escape.js';

const headlines: Record<AuditReport['verdict'], string> = {
  complete: 'Proved complete',
  lost: 'Events were lost',
  cannot_say: 'Cannot say',
  nothing: 'Nothing to audit',
};

/** A table; `isNumber` says which columns are numbers. */
function table(heads: readonly string[], rows: readonly (readonly string[])[], isNumber: readonly boolean[]): string {
  const cell = (tag: string) => (text: string, at: number) =>
    `<${tag}${isNumber[at] ? ' class="number"' : ''}>${e(text)}</${tag}>`;
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table><thead><tr>${heads.map(cell('th')).join('')}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

const section = (title: string, text: string) =>
  text === '' ? '' : `<section><h2>${e(title)}</h2>\n${text}</section>`;

function tiles(report: AuditReport): string {
  const { ledger, lost_by_us, without_ledger, late, events } = report;
  const share = (count: number, of: number) => (of > 0 ? `${((count / of) * 100).toFixed(2)} %` : '–');
  const all: [string, string][] = [
    [n(events), 'different events'],
    lost_by_us === null
      ? [n(without_ledger.missing), `missing by number, ${share(without_ledger.missing, events)}`]
      : [n(lost_by_us), `lost by us, ${share(lost_by_us, ledger.acknowledged)} of what was acknowledged`],
    ...(lost_by_us === null
      ? []
      : [[n(report.never_acknowledged), 'never acknowledged: the pages’ word'] as [string, string]]),
    [n(report.duplicates.rows), 'copies'],
    [share(late.events, late.timed), `late: more than ${n(late.threshold_ms / 1_000)} s`],
  ];
  return `<div class="tiles">${all.map(([value, name]) => `<div class="tile"><b>${e(value)}</b><span>${e(name)}</span></div>`).join('')}</div>`;
}

const hourMs = 3_600_000;
/** More bars than this are days, so that each can be seen. */
const mostBars = 240;

type Part = AuditReport['by_hour'][number];

function charts({ by_hour }: AuditReport): string {
  const hours = by_hour.flatMap((each) => (each.hour === null ? [] : [{ ...each, time: Date.parse(each.hour) }]));
  if (hours.length === 0) return '';
  const span = (hours.at(-1)!.time - hours[0]!.time) / hourMs;
  const width = span < mostBars ? hourMs : span < mostBars * 24 ? hourMs * 24 : hourMs * 24 * 30;
  const chart = (title: string, series: BarChart['series'], values: (part: Part) => number[]) => {
    const sums = new Map<number, number[]>();
    for (const hour of hours) {
      const time = Math.floor(hour.time / width) * width;
      const before = sums.get(time);
      sums.set(time, before ? values(hour).map((value, at) => value + before[at]!) : values(hour));
    }
    const bars = [...sums].map(([time, each]) => ({ time, values: each }));
    if (bars.every((bar) => bar.values.every((value) => value === 0))) return '';
    const key = series.map(({ name, color }) => `<i class="${color}"></i>${e(name)}`).join('');
    return `<figure>${barChart({ title, series, bars, width })}<figcaption>${e(title)}${key}</figcaption></figure>`;
  };
  const by = width === hourMs ? 'hour' : width === hourMs * 24 ? 'day' : '30 days';
  return [
    chart(
      `Events by ${by}, UTC`,
      [
        { name: 'in time', color: 'blue' },
        { name: 'late', color: 'amber' },
      ],
      ({ events, late }) => [events - late, late],
    ),
    chart(
      `Not in the lake by ${by}, UTC`,
      [
        { name: 'lost by us', color: 'red' },
        { name: 'never acknowledged', color: 'grey' },
      ],
      ({ lost_by_us, never_acknowledged }) => [lost_by_us, never_acknowledged],
    ),
  ].join('\n');
}

const causes = ({ held, tracker_dropped }: AuditReport) => [
  ...Object.entries(held.causes.quarantine).map(([code, count]) => ['refused, in the quarantine', code, n(count)]),
  ...Object.entries(held.causes.errors).map(([kind, count]) => ['undeliverable, in an error object', kind, n(count)]),
  ...Object.entries(tracker_dropped).map(([reason, count]) => ['dropped by a tracker, as it says', reason, n(count)]),
];

const [text, number] = [false, true];

function versions({ by_sdk }: AuditReport): string {
  const rows = by_sdk.map(({ sdk, events, late, never_acknowledged }) => [
    sdk ?? 'none',
    n(events),
    n(late),
    n(never_acknowledged),
  ]);
  const heads = ['version', 'events', 'late', 'never acknowledged'];
  return rows.length === 0 ? '' : table(heads, rows, [text, number, number, number]);
}

function worst({ worst: streams }: AuditReport): string {
  const rows = streams.map((each) => [
    each.stream_id,
    n(each.events),
    n(each.lost_by_us),
    n(each.missing),
    n(each.out_of_order),
  ]);
  const heads = ['stream', 'events', 'lost by us', 'missing', 'out of order'];
  return rows.length === 0 ? '' : table(heads, rows, [text, number, number, number, number]);
}

function doubts({ doubts: all }: AuditReport): string {
  const rows = all.map((doubt) => [showTime(doubt.from), showTime(doubt.to), doubtText(doubt)]);
  return rows.length === 0 ? '' : table(['from, UTC', 'to, UTC', 'in doubt'], rows, [text, text, text]);
}

/**
 * The report as one page for people who run no commands: it needs no script, no network and no other file. `what`: the
 * lake and the part of it that was audited.
 */
export function auditHtml(report: AuditReport, what: string, now: Date): string {
  const causeRows = causes(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${e(headlines[report.verdict])}: ${e(what)}</title>
<style>${auditStyle}</style>
</head>
<body>
<h1>Audit of ${e(what)}</h1>
<div class="verdict ${report.verdict}"><strong>${e(headlines[report.verdict])}</strong>${e(verdictText(report))}</div>
${report.verdict === 'nothing' ? '' : tiles(report)}
${charts(report)}
${section('Times in doubt', doubts(report))}
${section('Causes of what is not among the events', causeRows.length === 0 ? '' : table(['where', 'cause', 'count'], causeRows, [text, text, number]))}
${section('By version of what made the events', versions(report))}
${section('The streams that need looking at', worst(report))}
${section('Every number and its rule', report.verdict === 'nothing' ? '' : table(['number', 'value', 'rule'], numbers(report), [text, number, text]))}
<footer>Made by millrace audit on ${showTime(now.toISOString())} UTC. Times are in UTC.</footer>
</body>
</html>
`;
}
