/**
 * `{"time":…,"level":"warn","message":"m","a":1}` as a person reads it: `warn: m (a: 1)`. Any other line stays as it
 * is.
 */
function readable(line: string): string {
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
 * A server's log on standard error, which leaves standard output to data. A person at a terminal gets the time, the
 * server and a readable line; anything else gets the lines as the server wrote them.
 */
export function logOutput(server: string): (line: string) => void {
  if (!process.stderr.isTTY) return (line) => console.error(line.startsWith('{') ? line : `${server}: ${line}`);
  return (line) => console.error(`${new Date().toTimeString().slice(0, 8)} ${server.padEnd(8)} ${readable(line)}`);
}
