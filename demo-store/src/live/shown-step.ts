import type { LiveStep } from '../live-feed.js';

/** The steps, in their order. */
export const stepNames = ['received', 'in_stream', 'in_object'] as const;
/** The name of a step. */
export type StepName = LiveStep['step'];

/** Whether a value is the name of a step. */
export function isStepName(value: unknown): value is StepName {
  return stepNames.includes(value as StepName);
}

/** A step as browsers get it: without the line, each field cut to a length that the schema allows. */
export type ShownStep = Omit<LiveStep, 'line'>;

/** The id by which the live view follows an event; at most 64 characters. */
export const eventIdOf = (step: LiveStep): string => cut(step.event_id, 64) ?? '';

const cut = (value: unknown, length: number) => (typeof value === 'string' ? value.slice(0, length) : undefined);

/**
 * Cuts or leaves out fields that do not fit. Anyone sends events, and nobody has checked those put straight into the
 * stream.
 */
export function shownStep(step: LiveStep): ShownStep {
  const shown: ShownStep = {
    step: step.step,
    event_id: eventIdOf(step),
    page: cut(step.page, 64) ?? '',
    event: cut(step.event, 64) ?? '',
    at: Number.isFinite(step.at) ? step.at : 0,
  };
  const optional = { visitor_id: 64, item_name: 256, shard_id: 64, key: 1024 } as const;
  for (const [name, length] of Object.entries(optional) as [keyof typeof optional, number][]) {
    const value = cut(step[name], length);
    if (value !== undefined) shown[name] = value;
  }
  return shown;
}
