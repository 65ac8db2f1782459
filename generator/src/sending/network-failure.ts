/** A failure to connect in words: `connection refused: nothing listens there`. `error` is what Node threw. */
export function networkFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'connection refused: nothing listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `host name not found (${code})`;
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'connection reset';
  return code === undefined ? message : `${message || 'no connection'} (${code})`;
}
