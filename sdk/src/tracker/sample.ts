import type { Part } from './plugin.js';

/** Whether a visitor is in the part of all that is tracked, from 0 to 1; the same one always is, or never. The end of an id is random, in hexadecimal digits. */
export const isInSample = (visitor: string, part: number): boolean =>
  (Number.parseInt(visitor.slice(-6), 16) || 0) / 16 ** 6 < part;

/** Tracks a part of the visitors. */
export const sample =
  (part: number): Part<void> =>
  (inside) => {
    const { identity, seal } = inside;
    inside.seal = (draft, at) => {
      if (isInSample(identity.touch(at).visitor_id, part)) seal(draft, at);
    };
  };
