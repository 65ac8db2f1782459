import { groupDigits as n } from '../text/table.js';
import { escapeHtml } from './escape.js';

/** What a chart shows of one time: a value of each series. */
export interface Bar {
  /** Milliseconds since 1970, at its beginning. */
  time: number;
  values: readonly number[];
}

/** A chart of bars over time, one on the other. */
export interface BarChart {
  title: string;
  /** Names of the series, from the bottom up; the page has a colour for each: class `series-0` and so on. */
  series: readonly { name: string; color: string }[];
  bars: readonly Bar[];
  /** Of one bar, in milliseconds. */
  width: number;
}

const [width, height] = [760, 220];
const [left, right, top, bottom] = [64, 40, 12, 36];
const [plotWidth, plotHeight] = [width - left - right, height - top - bottom];

/** Numbers on an axis: round ones, at most six, from 0 on. */
export function axisSteps(most: number): number[] {
  const raw = Math.max(1, most) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, [1, 2, 5, 10].map((of) => of * power).find((each) => each >= raw)!);
  return Array.from({ length: Math.ceil(Math.max(1, most) / step) + 1 }, (_, at) => at * step);
}

/** The chart as SVG: axes with numbers and times, and each bar with its text. Nothing without bars. */
export function barChart({ title, series, bars, width: barMs }: BarChart): string {
  if (bars.length === 0) return '';
  const steps = axisSteps(Math.max(...bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0))));
  const most = steps.at(-1)!;
  const first = Math.min(...bars.map(({ time }) => time));
  const end = Math.max(...bars.map(({ time }) => time)) + barMs;
  const x = (time: number) => left + ((time - first) / (end - first)) * plotWidth;
  const y = (value: number) => top + plotHeight * (1 - value / most);
  const wide = Math.max(1, (barMs / (end - first)) * plotWidth - 1);
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">`,
    ...steps.map(
      (step) =>
        `<line class="grid" x1="${left}" x2="${width - right}" y1="${at(y(step))}" y2="${at(y(step))}"/>` +
        `<text class="axis" x="${left - 8}" y="${at(y(step) + 4)}" text-anchor="end">${n(step)}</text>`,
    ),
    ...bars.map((bar) => barOf(bar, { series, x: x(bar.time), wide, y })),
    ...timeMarks(first, end).map(
      ({ time, text }) =>
        `<line class="tick" x1="${at(x(time))}" x2="${at(x(time))}" y1="${top + plotHeight}" y2="${top + plotHeight + 5}"/>` +
        `<text class="axis" x="${at(x(time))}" y="${top + plotHeight + 20}" text-anchor="middle">${text}</text>`,
    ),
    `<line class="tick" x1="${left}" x2="${width - right}" y1="${top + plotHeight}" y2="${top + plotHeight}"/>`,
    '</svg>',
  ].join('\n');
}

const at = (place: number) => place.toFixed(1);

function barOf(
  { time, values }: Bar,
  { series, x, wide, y }: { series: BarChart['series']; x: number; wide: number; y: (value: number) => number },
): string {
  let below = 0;
  const parts = values.map((value, index) => {
    const from = y(below);
    below += value;
    // What there is at all can be seen.
    const tall = value === 0 ? 0 : Math.max(1, from - y(below));
    return `<rect class="${series[index]!.color}" x="${at(x)}" y="${at(from - tall)}" width="${at(wide)}" height="${at(tall)}"/>`;
  });
  const told = values.map((value, index) => `${series[index]!.name} ${n(value)}`).join(', ');
  return `<g><title>${shortTime(time)} UTC: ${escapeHtml(told)}</title>${parts.join('')}</g>`;
}

const shortTime = (time: number) => new Date(time).toISOString().slice(0, 16).replace('T', ' ');

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Times on the axis: round ones, at most eight. Days bear their date, hours the time of the day. */
function timeMarks(first: number, end: number): { time: number; text: string }[] {
  const step = [1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 2_160, 8_760, 87_600, 876_000]
    .map((hours) => hours * hourMs)
    .find((each) => (end - first) / each <= 7);
  if (step === undefined) return [];
  const marks: { time: number; text: string }[] = [];
  for (let time = Math.ceil(first / step) * step; time <= end; time += step) {
    const text = shortTime(time);
    marks.push({ time, text: time % dayMs === 0 || step >= dayMs ? text.slice(0, 10) : text.slice(11) });
  }
  return marks;
}
