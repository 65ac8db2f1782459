import { cut } from '../browser/builtins.js';
import { warn } from '../browser/warn.js';
import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';

/**
 * Whether a visitor is in a sample of this `share`, from 0 to 1. A visitor always is, or never: the last digits of the
 * id are random.
 */
export const isInSample = (visitor: string, share: number): boolean =>
  (Number.parseInt(cut(visitor, -6), 16) || 0) / 16 ** 6 < share;

/** Tracks a share of the visitors, from 0 to 1. */
export const sample =
  (share: number): TrackerModule<void> =>
  (context: TrackerContext) => {
    if (!(share >= 0 && share <= 1))
      return warn(context._options, 'sample must be a number from 0 to 1, such as 0.1: all visitors are tracked');
    const { _place: place } = context;
    context._place = (facts, at, isFinal) =>
      isInSample(context._identity._touch(at).visitor_id, share) ? place(facts, at, isFinal) : undefined;
  };
