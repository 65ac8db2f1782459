/** `1,429`, `24.4`, `0.06`: three digits that count, and no more zeros than it takes. */
export function figure(value: number): string {
  if (value === 0) return '0';
  if (value >= 99.5) return Math.round(value).toLocaleString('en-US');
  if (value >= 9.95) return value.toFixed(1).replace(/\.0$/, '');
  return Number(value.toPrecision(2)).toString();
}

/** `1.3M`, `784k`, `1,280`. */
export function count(value: number): string {
  if (value >= 999_500) return `${figure(value / 1e6)}M`;
  return value >= 9_999.5 ? `${figure(value / 1e3)}k` : figure(value);
}

/** Whole dollars from 10 on: `$52,440`, `$4.20`. */
export function dollars(value: number): string {
  return value >= 10 ? `$${Math.round(value).toLocaleString('en-US')}` : `$${value.toFixed(2)}`;
}

/** `1.1 MiB`, `57 MiB`, `640 KiB`. */
export function mebibytes(bytes: number): string {
  return bytes >= 2 ** 20 ? `${figure(bytes / 2 ** 20)} MiB` : `${figure(bytes / 1024)} KiB`;
}
