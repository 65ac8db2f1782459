import { cut, digitsOf } from '../browser/builtins.js';
import { random } from '../browser/random.js';

/** Six random digits. The one before them keeps their zeros. */
const digits = () => cut(digitsOf((1 + random()) * 16 ** 6, 16), 1, 7);

/**
 * An id of 20 characters for visitors, sessions and streams: the time (8 characters from 1972 to 2059), so that ids
 * sort by age, then 48 random bits as hexadecimal digits. No id is a secret, and a page on plain http has no
 * `crypto.randomUUID`.
 */
export const shortId = (now: number): string => digitsOf(now, 36) + digits() + digits();
