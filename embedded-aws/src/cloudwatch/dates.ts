/** The value with each Date in it, at any depth, replaced by what `date` makes of it. */
export function mapDates(value: unknown, date: (value: Date) => unknown): unknown {
  if (value instanceof Date) return date(value);
  if (Array.isArray(value)) return value.map((item) => mapDates(item, date));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapDates(inner, date)]));
}
