/** A column of a table. */
export interface TableColumn {
  name: string;
  align?: 'left' | 'right';
}

/** How to draw a table. */
export interface TableOptions {
  /** The terminal's columns; without it nothing is cut. */
  width?: number | undefined;
}

const gap = '  ';
/** A column is not made narrower than this. */
const narrowest = 8;

/** East Asian wide characters and emoji take two cells: https://www.unicode.org/reports/tr11/ (its main blocks). */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const combining = /^(\p{Mn}|\p{Me}|\u200b|\u200c|\u200d)/u;

function cells(text: string): number {
  let count = 0;
  for (const character of text) count += combining.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return count;
}

/** Data must not steer the terminal: control characters are shown as JSON would write them. */
export function harmless(text: string): string {
  return text.replace(
    /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
    (control) =>
      ({ '\n': '\\n', '\t': '\\t', '\r': '\\r' })[control] ??
      `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function cut(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    const more = cells(character);
    if (used + more > width - 1) break;
    kept += character;
    used += more;
  }
  return `${kept}…`;
}

function pad(text: string, width: number, align: TableColumn['align']): string {
  const space = ' '.repeat(Math.max(0, width - cells(text)));
  return align === 'right' ? space + text : text + space;
}

/** Takes from the widest columns until all fit; undefined when they cannot. */
function fitted(widths: number[], room: number): number[] | undefined {
  const total = (list: number[]) => list.reduce((sum, width) => sum + width, 0) + gap.length * (list.length - 1);
  const fit = [...widths];
  while (total(fit) > room) {
    const widest = Math.max(...fit);
    if (widest <= narrowest) return undefined;
    const next = Math.max(narrowest, ...fit.filter((width) => width < widest));
    const among = fit.filter((width) => width === widest).length;
    const target = Math.max(next, widest - Math.ceil((total(fit) - room) / among));
    for (const [at, width] of fit.entries()) if (width === widest) fit[at] = target;
  }
  return fit;
}

/**
 * Rows as a table for people. Cells too wide for the terminal are cut with `…`; when the columns cannot stand side by
 * side at all, each row is written as a list of its fields.
 */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  const safe = rows.map((row) => row.map(harmless));
  const names = columns.map((column) => harmless(column.name));
  const natural = names.map((name, at) =>
    safe.reduce((most, row) => Math.max(most, cells(row[at] ?? '')), cells(name)),
  );
  const widths = options.width === undefined ? natural : fitted(natural, options.width);
  if (!widths) return renderList(names, safe, options.width);
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => pad(cut(cell, widths[at]!), widths[at]!, columns[at]!.align))
      .join(gap)
      .trimEnd();
  return [line(names), widths.map((width) => '─'.repeat(width)).join(gap), ...safe.map(line)].join('\n');
}

function renderList(names: string[], rows: string[][], width = Number.POSITIVE_INFINITY): string {
  const longest = Math.max(...names.map(cells));
  const room = Math.max(narrowest, width - longest - gap.length);
  return rows
    .map((row, number) =>
      [
        `─── row ${number + 1} `.padEnd(Math.min(longest + gap.length + 20, width), '─'),
        ...names.map((name, at) => `${pad(name, longest, 'left')}${gap}${cut(row[at] ?? '', room)}`.trimEnd()),
      ].join('\n'),
    )
    .join('\n');
}

/** 1234567 as `1,234,567`. */
export function groupDigits(value: number): string {
  return value.toLocaleString('en-US');
}

/** Bytes for people: `1.4 MB`; in powers of 1,000. */
export function showBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
