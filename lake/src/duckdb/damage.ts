/** DuckDB's message, without the path of this machine and without advice on DuckDB's settings. */
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

/**
 * An error's message. The native module's errors need not be of this realm's Error class, so this does not check the
 * class.
 */
export function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : String(error);
}
