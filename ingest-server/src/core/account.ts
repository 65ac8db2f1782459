import type { Position, Spool } from '../spool/spool.js';
import type { Lane, Waiting } from './lane.js';

/**
 * Where the events are that must not be lost. At every moment
 * acknowledged + recovered + unacknowledged = delivered + inSpool + inFlight + setAside,
 * where the acknowledged ones are those of the requests that `deliver` has resolved.
 */
export interface Account {
  /** Were in the spool at the start: acknowledged by an earlier process. */
  recovered: number;
  /** Are kept though their request was refused: another part of it was not safe. They come again when it is repeated. */
  unacknowledged: number;
  /** The stream has them. */
  delivered: number;
  /** On disk, and not in a call at the moment. */
  inSpool: number;
  /** On disk, and in a call that is not answered yet. */
  inFlight: number;
  /** Were damaged on disk, and are kept: in a file beside the spool or, until there is room for that, in the spool. */
  setAside: number;
}

/** What became of a request's chunks so far. Counts only when the request is answered, whichever way. */
export interface RequestAccount {
  outcome: 'open' | 'safe' | 'refused';
  delivered: number;
  /** Undefined until something is, as for most requests. */
  inSpool: Map<Position, number> | undefined;
}

export interface Accounts {
  openRequest(): RequestAccount;
  closeRequest(request: RequestAccount, outcome: 'safe' | 'refused'): void;
  /** The spool has a chunk. */
  spooled(waiting: Waiting): void;
  /** The stream has a chunk. */
  delivered(waiting: Waiting): void;
  now(lanes: readonly Lane[]): Account;
}

export function createAccounts(spool: Spool): Accounts {
  const recovered = spool.stats().events;
  let unacknowledged = 0;
  let delivered = 0;
  /** Chunks in the spool whose request is not answered yet, because it waits for others. */
  const pending = new Map<Position, RequestAccount>();
  let pendingEvents = 0;

  function take(request: RequestAccount, position: Position) {
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
      // The stream was faster: it leaves the spool in the same moment.
      if (isDelivered || request === undefined) return;
      if (request.outcome === 'refused') unacknowledged += chunk.events;
      if (request.outcome !== 'open') return;
      request.inSpool ??= new Map();
      request.inSpool.set(position!, chunk.events);
      pending.set(position!, request);
      pendingEvents += chunk.events;
    },

    delivered({ chunk, position, request }) {
      // What was read from the spool again has lost its request.
      const owner = request ?? (position === undefined ? undefined : pending.get(position));
      if (owner?.outcome === 'open') {
        if (position !== undefined) take(owner, position);
        owner.delivered += chunk.events;
        return;
      }
      delivered += chunk.events;
      if (owner?.outcome === 'refused' && position === undefined) unacknowledged += chunk.events;
    },

    now(lanes) {
      let inFlight = 0;
      for (const lane of lanes) {
        for (let i = 0; i < lane.inFlight; i++) {
          const { position, chunk } = lane.queue[i]!;
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
