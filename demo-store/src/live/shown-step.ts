import type { LiveStep } from '../live-feed.js';

/** The steps, in their order. */
export const stepNames = ['received', 'in_stream', 'in_object'] as const;
/** The name of a step. */
export type StepName = LiveStep['step'];

/** Whether a value is the name of a step. */
export function isStepName(value: unknown): value is StepName {
  return stepNames.includes(value as StepName);
}

/** The kinds of events. */
export const kinds = ['stored', 'repeated', 'refused', 'unkept', 'direct'] as const;
/** The kind of an event. */
export type Kind = (typeof kinds)[number];

/** A step's kind; of one that nobody knows, as of one without, `stored`. */
export const kindOf = ({ kind = 'stored' }: LiveStep): Kind => (kinds.includes(kind) ? kind : 'stored');

/** A step as browsers get it: without the line, each field cut to a length that the schema allows. */
export type ShownStep = Omit<LiveStep, 'line' | 'events' | 'kind' | 'identity' | 'isBrief'> & {
  kind: Kind;
  identity: string;
};

/** What the live view follows an event by; at most 200 characters, and none for a step that is only counted. */
export const identityOf = (step: LiveStep): string => cut(step.identity ?? step.event_id, 200) ?? '';

const cut = (value: unknown, length: number) => (typeof value === 'string' ? value.slice(0, length) : undefined);

const texts = {
  event_id: 64,
  visitor_id: 64,
  item_name: 256,
  site: 64,
  code: 64,
  path: 300,
  reason: 600,
  raw: 200,
  shard_id: 64,
  key: 1024,
} as const;

/**
 * Cuts or leaves out fields that do not fit. Anyone sends events, and nobody has checked those put straight into the
 * stream.
 */
export function shownStep(step: LiveStep): ShownStep {
  const shown: ShownStep = {
    step: step.step,
    kind: kindOf(step),
    identity: identityOf(step),
    page: cut(step.page, 64) ?? '',
    event: cut(step.event, 64) ?? '',
    at: Number.isFinite(step.at) ? step.at : 0,
  };
  for (const [name, length] of Object.entries(texts) as [keyof typeof texts, number][]) {
    const value = cut(step[name], length);
    if (value !== undefined) shown[name] = value;
  }
  if (typeof step.is_bot === 'boolean') shown.is_bot = step.is_bot;
  return shown;
}
