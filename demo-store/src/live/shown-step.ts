import type { LiveStep } from '../live-feed.js';

export const stepNames = ['received', 'in_stream', 'in_object'] as const;
export type StepName = LiveStep['step'];

export function isStepName(value: unknown): value is StepName {
  return stepNames.includes(value as StepName);
}

/** A step as it is sent to browsers: without the line, every field cut to a length that the schema allows. */
export type ShownStep = Omit<LiveStep, 'line'>;

/** The id under which an event is followed. */
export const eventIdOf = (step: LiveStep): string => cut(step.event_id, 64) ?? '';

const cut = (value: unknown, length: number) => (typeof value === 'string' ? value.slice(0, length) : undefined);

/**
 * An event's fields come from anyone, and those of events put straight into the stream were checked by nobody: what is no text of a
 * fitting length is cut or left out.
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
