import type { Lane } from './lane.js';
import type { Position, Spool } from './spool.js';
import type { RequestEntry, Waiting } from './ticket.js';

/**
 * Where the events are that must not be lost. At every moment
 * acknowledged + recovered + unacknowledged = delivered + inSpool + inFlight + setAside,
 * where acknowledged counts the events of requests that `deliver` has resolved.
 */
export interface BalanceSheet {
  /** Events that an earlier process acknowledged and left in the spool. */
  recovered: number;
  /** Events kept although their request was refused: another part of it was not safe. The sender repeats them. */
  unacknowledged: number;
  /** Events that the stream has. */
  delivered: number;
  /** Events on disk, and not in a call at the moment. */
  inSpool: number;
  /** Events on disk and in a call that is not answered yet. */
  inFlight: number;
  /** Events damaged on disk and kept: in a file beside the spool or, on a full disk, in the spool. */
  setAside: number;
}

/** Follows each request's chunks and adds up where all events are. */
export interface Balance {
  openRequest(): RequestEntry;
  closeRequest(request: RequestEntry, outcome: 'safe' | 'refused'): void;
  /** The spool has a chunk. */
  spooled(waiting: Waiting): void;
  /** The stream has a chunk. */
  delivered(waiting: Waiting): void;
  sheet(lanes: readonly Lane[]): BalanceSheet;
}

/** The balance of a server that starts with what is in `spool`. */
export function createBalance(spool: Spool): Balance {
  // What was found damaged at the start was acknowledged as well.
  const recovered = spool.stats().events + spool.stats().setAsideEvents;
  let unacknowledged = 0;
  let delivered = 0;
  /** Chunks in the spool whose request is still open, because it waits for others. */
  const pending = new Map<Position, RequestEntry>();
  let pendingEvents = 0;

  function take(request: RequestEntry, position: Position) {
    pendingEvents -= request.inSpool?.get(position) ?? 0;
    request.inSpool?.delete(position);
    pending.delete(position);
  }

  return {
    openRequest: () => ({ outcome: 'open', delivered: 0, inSpool: undefined }),

    closeRequest(request, outcome) {
      if (request.outcome !== 'open') return;
      request.outcome = outcome;
      delivered += request.delivered;
      if (outcome === 'refused') unacknowledged += request.delivered;
      for (const [position, events] of request.inSpool ?? []) {
        if (outcome === 'refused') unacknowledged += events;
        take(request, position);
      }
    },

    spooled({ chunk, position, request, delivered: isDelivered }) {
      // The stream was faster: the chunk leaves the spool at once.
      if (isDelivered || request === undefined) return;
      if (request.outcome === 'refused') unacknowledged += chunk.events;
      if (request.outcome !== 'open') return;
      request.inSpool ??= new Map();
      request.inSpool.set(position!, chunk.events);
      pending.set(position!, request);
      pendingEvents += chunk.events;
    },

    delivered({ chunk, position, request }) {
      // A chunk that was read back from the spool has lost its request.
      const owner = request ?? (position === undefined ? undefined : pending.get(position));
      if (owner?.outcome === 'open') {
        if (position !== undefined) take(owner, position);
        owner.delivered += chunk.events;
        return;
      }
      delivered += chunk.events;
      if (owner?.outcome === 'refused' && position === undefined) unacknowledged += chunk.events;
    },

    sheet(lanes) {
      let inFlight = 0;
      for (const lane of lanes) {
        for (const { position, chunk } of lane.inFlight) {
          if (position !== undefined && !pending.has(position)) inFlight += chunk.events;
        }
      }
      const { events, setAsideEvents } = spool.stats();
      return {
        recovered,
        unacknowledged,
        delivered,
        inSpool: events - pendingEvents - inFlight,
        inFlight,
        setAside: setAsideEvents,
      };
    },
  };
}
