import { maxBatchIdLength } from '../../core/repeats/batch-key.js';
import { RequestError } from '../../core/request-error.js';

/** `?key=…&sent_at=…&batch=…&encoding=gzip`, or `delta` */
export type EventsQuery = Partial<Record<string, string | string[]>>;

/** A parameter that is given twice is as good as none. */
export const one = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

/** The client's clock when it sent, in milliseconds since 1970; what is no such number corrects nothing. */
export function sentAtOf({ sent_at }: EventsQuery): number | undefined {
  const text = one(sent_at);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The batch's id; undefined where there is none, and then nothing is remembered. @throws RequestError unreadable */
export function batchIdOf({ batch }: EventsQuery): string | undefined {
  const id = one(batch);
  if (id !== undefined && id.length > maxBatchIdLength) {
    throw new RequestError(
      'unreadable',
      `batch has ${id.length} characters: any text of at most ${maxBatchIdLength} names a batch`,
    );
  }
  return id === '' ? undefined : id;
}
