/** An object that cannot be read whole. Its readable lines are still in every answer; what is lost is said. */
export interface DamagedObject {
  key: string;
  /** What is wrong with it, and where. */
  message: string;
  /** How many of its lines are no JSON objects; null when nothing of it can be read. */
  unreadableLines: number | null;
}

/** DuckDB's words, without the path of this machine and without advice on its own settings. */
export function damageMessage(message: string, path: string): string {
  return message
    .split('\n')[0]!
    .replace(/^(Invalid Input|IO|TProtocolException|Serialization) Error: /, '')
    .replace(` in file "${path}",`, '')
    .replace(`: ${path}`, '')
    .trim();
}

/** Whether an error may come from an object rather than from the SQL. */
export function mayBeDamage(message: string): boolean {
  return (
    /^IO Error|^Invalid Input Error: (Malformed JSON|JSON transform error|Input is not a GZIP)|GZIP|"maximum_object_size"/.test(
      message,
    ) || /^Invalid Input Error: .*(magic bytes|Parquet file|Footer length)|^TProtocolException/i.test(message)
  );
}

/** What an error says. Errors of the native module are not of every realm's Error class, so their class is not asked for. */
export function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : String(error);
}
