import type { Filter } from '@millrace/embedded-aws/jq';
import { splitJson } from '@millrace/kit/split-json';
import {
  checkEvent,
  fileUnderOther,
  type MillraceEvent,
  partitionColumns,
  type StoredEvent,
} from '@millrace/sdk/schema';

/** What lies in quarantine or among Firehose's error objects, waiting to go in again. */
export interface Left {
  /** The quarantine's own id of it; error objects have none. */
  eventId: string | undefined;
  code: string;
  /** The text as it was sent. */
  raw: string;
  object: string;
}

/** One event that can go in again, or why it cannot. */
export type Repaired = { event: MillraceEvent } | { reason: string };

/** What a text holds, as one line a value; a repair by jq is made before anything is looked at. */
type Values = { values: unknown[] } | { reason: string };

async function valuesOf(raw: string, repair: Filter | undefined): Promise<Values> {
  // A record that Firehose did not take apart may hold many events, and more than it takes apart.
  const bytes = Buffer.from(raw);
  const parts = splitJson(bytes)?.map(({ value }) => value) ?? linesOf(raw);
  if (parts === undefined) return { reason: 'it is not JSON' };
  if (repair === undefined) return { values: parts };
  const results = await repair.run(parts.map((part) => Buffer.from(JSON.stringify(part))));
  const failed = results.find((result) => 'failure' in result);
  if (failed && 'failure' in failed) return { reason: `--jq: ${failed.failure}` };
  return { values: results.map((result) => (result as { values: unknown }).values) };
}

/** Firehose splits 500 values a record and no more; whoever sends it again can take it apart all the same. */
function linesOf(raw: string): unknown[] | undefined {
  try {
    const lines = raw.split('\n').filter((line) => line.trim() !== '');
    return lines.length === 0 ? undefined : lines.map((line) => JSON.parse(line) as unknown);
  } catch {
    return undefined;
  }
}

/**
 * A rejected event as it can be sent to the ingest server again. It keeps its event_id, or the one that the quarantine
 * gave it, so that a second redrive makes a copy that readers remove, and never a second event.
 */
export async function repairRejected({ raw, eventId }: Left, repair?: Filter): Promise<Repaired[]> {
  const found = await valuesOf(raw, repair);
  if ('reason' in found) return [found];
  return found.values.map((value) => {
    const own = isObject(value) && typeof value.event_id === 'string' ? value.event_id : undefined;
    const candidate = isObject(value) && own === undefined ? { ...value, event_id: eventId } : value;
    const { event, refusal } = checkEvent(candidate);
    return event ? { event } : { reason: `${refusal.path || 'the event'}: ${refusal.message}` };
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The names that a partition may have: declared ones are slugs, those of the server begin with `_`. */
const partitionName = /^[a-z_][a-z0-9_]{0,47}$/;

/**
 * What Firehose could not deliver, as it can be put into the stream again: as it is, because the server has stamped it
 * already, except that a name that no partition may have is filed under `_other`. It needs what Firehose partitions by,
 * and an event_id, without which copies could not be told apart.
 */
export async function repairUndelivered({ raw }: Left, repair?: Filter): Promise<Repaired[]> {
  const found = await valuesOf(raw, repair);
  if ('reason' in found) return [found];
  return found.values.map((value) => {
    if (!isObject(value)) return { reason: 'not a JSON object' };
    for (const column of partitionColumns) {
      const name = value[column];
      if (typeof name !== 'string' || name === '') {
        return { reason: `/${column}: ${JSON.stringify(name) ?? 'nothing'} is not a valid partition name` };
      }
      if (!partitionName.test(name)) fileUnderOther(value as unknown as StoredEvent, column);
    }
    if (typeof value.event_id !== 'string' || value.event_id === '') return { reason: '/event_id: missing' };
    return { event: value as unknown as MillraceEvent };
  });
}
