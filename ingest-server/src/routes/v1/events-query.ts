import type { Envelope } from '../../core/intake/envelope.js';
import { maxBatchIdLength } from '../../core/repeats/batch-key.js';
import { RequestError } from '../../core/request-error.js';

/** `?key=…&sent_at=…&batch=…&encoding=gzip`, or `delta` */
export type EventsQuery = Partial<Record<string, string | string[]>>;

/** The value of a parameter; undefined when it is absent or given twice. */
export const one = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

/**
 * The client's clock when it sent, in milliseconds since 1970: the query's, else the envelope's; undefined when absent
 * or invalid.
 */
export function sentAtOf({ sent_at }: EventsQuery, envelope: Envelope | undefined): number | undefined {
  const text = one(sent_at) ?? String(envelope?.sent_at);
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * The batch's id, the query's or else the envelope's; undefined when absent, and then the batch is not remembered.
 * @throws RequestError unreadable
 */
export function batchIdOf({ batch }: EventsQuery, envelope: Envelope | undefined): string | undefined {
  const id = one(batch) || envelope?.batch;
  if (id !== undefined && id.length > maxBatchIdLength) {
    throw new RequestError('unreadable', `batch has ${id.length} characters: use at most ${maxBatchIdLength}`);
  }
  return id === '' ? undefined : id;
}

/** The batch that a refusal names: one that the sender gave and that could be its id. */
export function refusedBatchOf(query: unknown, envelope: Envelope | undefined): string | undefined {
  const id = one((query as EventsQuery | undefined)?.batch) || envelope?.batch;
  return id === '' || (id?.length ?? 0) > maxBatchIdLength ? undefined : id;
}
