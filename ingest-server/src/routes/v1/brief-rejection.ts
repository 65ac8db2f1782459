import type { Rejection } from '../../core/intake/quarantine.js';

/** Code units of a path or a message. A path repeats the wrong key, which may be nearly all of a large event. */
const maxLength = 200;

function brief(text: string): string {
  if (text.length <= maxLength) return text;
  // Copied: a slice would keep the whole text in memory.
  return Buffer.from(`${text.slice(0, maxLength)}… (${text.length} characters)`).toString();
}

/** A rejection as it is answered, and remembered with the answer. The quarantine row has all of it. */
export const briefRejection = (rejection: Rejection): Rejection => ({
  ...rejection,
  path: brief(rejection.path),
  message: brief(rejection.message),
});
