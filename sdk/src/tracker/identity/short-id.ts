/**
 * An id of 20 characters for visitors, sessions and streams: the time (8 characters from 1972 to 2059), so that ids
 * sort by age, then 48 random bits as hexadecimal digits. No id is a secret, and a page on plain http has no
 * `crypto.randomUUID`.
 */
export const shortId = (now: number): string =>
  now.toString(36) + Math.random().toString(16).slice(2, 14).padEnd(12, '0');
