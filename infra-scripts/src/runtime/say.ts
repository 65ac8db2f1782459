/** `{"time":…,"level":"warn","message":"m","a":1}` as a person reads it: `m (a: 1)`. Any other line stays as it is. */
export function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { time: _time, level, message, ...rest } = fields;
  if (typeof message !== 'string') return line;
  const details = Object.entries(rest).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const mark = level === 'warn' || level === 'error' ? `${level}: ` : '';
  return `${mark}${message}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
}

/**
 * Lines on standard error, which leaves standard output to data. For a person at a terminal: the time and the part that says it. Anything
 * else that reads them gets them as the part wrote them.
 */
export function sayer(part: string): (line: string) => void {
  if (!process.stderr.isTTY) return (line) => console.error(line.startsWith('{') ? line : `${part}: ${line}`);
  return (line) => console.error(`${new Date().toTimeString().slice(0, 8)} ${part.padEnd(8)} ${readable(line)}`);
}
