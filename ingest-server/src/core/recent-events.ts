import { quarantinePage } from '@millrace/sdk/schema';
import type { Chunk } from './chunk.js';

/** An event as it was stored, or a quarantined one with the reason. */
export type RecentEvent =
  | { number: number; status: 'good'; event_id: string; event: Record<string, unknown> }
  | { number: number; status: 'bad'; event_id: string; code: string; reason: string; raw: string; received_at: string };

/** Which events to show; all of them without a field. */
export interface RecentFilter {
  status?: 'good' | 'bad' | undefined;
  event_id?: string | undefined;
  /** Only events with a greater number. A number that no event has reached came from another server, and is ignored. */
  after?: number | undefined;
}

/** The last events of this process. */
export interface RecentEvents {
  /** Adds the events of chunks that are safe. */
  add(chunks: readonly Chunk[]): void;
  /**
   * In order of arrival: the last `limit` or, with `after`, the first `limit`, so that a reader can go on from there.
   */
  list(filter: RecentFilter, limit: number): RecentEvent[];
  /** Calls `seen` with each new event; returns how to stop. */
  follow(filter: RecentFilter, seen: (event: RecentEvent) => void): () => void;
}

/** How many code units of a rejected text are shown. */
const maxRawCodeUnits = 4_096;

function read(line: string, number: number): RecentEvent {
  const event = JSON.parse(line) as Record<string, unknown>;
  const event_id = String(event.event_id);
  if (event.page !== quarantinePage) return { number, status: 'good', event_id, event };
  return {
    number,
    status: 'bad',
    event_id,
    code: String(event.event).replace(/^_/, ''),
    reason: String(event.reason),
    raw: String(event.raw).slice(0, maxRawCodeUnits),
    received_at: String(event.received_at),
  };
}

const fits = (event: RecentEvent, { status, event_id }: RecentFilter) =>
  (status === undefined || event.status === status) && (event_id === undefined || event.event_id === event_id);

/**
 * Keeps the last events, for people and test suites that want to see what arrived: at most `maxEvents`, and `maxBytes`
 * of their lines. Numbers begin at the time of the start in microseconds, so that they grow across restarts: no process
 * takes a million events a second.
 */
export function createRecentEvents(
  limits: { maxEvents: number; maxBytes: number },
  startedAt = Date.now(),
): RecentEvents {
  const kept: { event: RecentEvent; bytes: number }[] = [];
  const followers = new Set<(event: RecentEvent) => void>();
  let bytes = 0;
  let number = startedAt * 1_000;

  function forgetOld() {
    let gone = 0;
    while (kept.length - gone > limits.maxEvents || bytes > limits.maxBytes) bytes -= kept[gone++]!.bytes;
    kept.splice(0, gone);
  }

  return {
    add(chunks) {
      for (const { data } of chunks) {
        for (const line of data.toString().split('\n')) {
          if (line === '') continue;
          const event = read(line, ++number);
          kept.push({ event, bytes: line.length });
          bytes += line.length;
          for (const follower of followers) follower(event);
        }
      }
      forgetOld();
    },
    list(filter, limit) {
      const { after } = filter;
      const from = after === undefined || after > number ? 0 : after;
      const found = kept.map(({ event }) => event).filter((event) => event.number > from && fits(event, filter));
      return after === undefined ? found.slice(-limit) : found.slice(0, limit);
    },
    follow(filter, seen) {
      const follower = (event: RecentEvent) => {
        if (fits(event, filter)) seen(event);
      };
      followers.add(follower);
      return () => followers.delete(follower);
    },
  };
}
