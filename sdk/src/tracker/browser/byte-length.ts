import { attempt } from './attempt.js';

/** The text's bytes in UTF-8; where the browser cannot tell, the most that they can be. */
export const byteLength = (text: string): number =>
  attempt(() => new TextEncoder().encode(text).length) ?? text.length * 3;
