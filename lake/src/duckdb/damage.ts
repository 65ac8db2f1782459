/** DuckDB's message, without the path of this machine and without advice on DuckDB's settings. */
export function damageMessage(message: string, path: string): string {
  return message
    .split('\n')[0]!
    .replace(/^(TProtocolException|[A-Z][A-Za-z ]* Error): /, '')
    .replace(` in file "${path}",`, '')
    .replace(`: ${path}`, '')
    .replaceAll(path, 'it')
    .trim();
}

const signs = [
  // Of the file system, of a decoder, and of DuckDB itself, whatever they say.
  /^(IO|Invalid|INTERNAL|FATAL|Serialization|TProtocolException|TTransportException) Error|^T\w+Exception/,
  /^Invalid Input Error: (Malformed JSON|JSON transform error|Input is not a GZIP)|GZIP|"maximum_object_size"/,
  // What was written as Parquet, and is not what it says.
  /^(Invalid Input|Conversion|Out of Range|Not implemented) Error: .*(magic bytes|parquet|footer|thrift|codec|compress|encoding|reading file|Timestamp|metadata|page|dictionary|Column)/i,
];

/** Whether an error may come from an object rather than from the SQL. */
export const mayBeDamage = (message: string): boolean => signs.some((sign) => sign.test(message.split('\n')[0]!));

/** Whether DuckDB, after this error, answers nothing more. */
export const isFatal = (message: string): boolean => /^(INTERNAL|FATAL) Error/.test(message);

/**
 * An error's message. The native module's errors need not be of this realm's Error class, so this does not check the
 * class.
 */
export function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : String(error);
}
