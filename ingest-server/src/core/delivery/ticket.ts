import type { Chunk } from '../chunk.js';
import type { Position } from './spool.js';

/** Where a request's chunks are so far. The delivery balance counts them once the request has its outcome. */
export interface RequestEntry {
  outcome: 'open' | 'safe' | 'refused';
  /** Events that the stream has. */
  delivered: number;
  /** Events by position in the spool; undefined until there is one, as for most requests. */
  inSpool: Map<Position, number> | undefined;
}

/** Waits for all chunks of one request. */
export interface Ticket {
  /** Chunks that are not safe yet. */
  left: number;
  /** One of its chunks is safe while others are not yet, or never will be. */
  kept(chunk: Chunk): void;
  /** Answers the request: with an error it is refused. */
  settle(error?: Error): void;
  entry: RequestEntry;
}

/** A chunk on its way to the stream. */
export interface Waiting {
  readonly chunk: Chunk;
  /** What it takes of a record, its part of a row of the ledger included. */
  readonly bytes: number;
  /** Undefined for a chunk read back from the spool: its request was answered when it was spooled. */
  readonly ticket: Ticket | undefined;
  /** The request's entry in the balance, likewise. */
  readonly request: RequestEntry | undefined;
  /** When it arrived, by the delivery's clock. */
  readonly since: number;
  /** In the stream or in the spool: its request may be answered. */
  safe: boolean;
  /** Its append to the spool is not settled yet. */
  spooling: boolean;
  /** Where it lies in the spool, if it does. */
  position: Position | undefined;
  delivered: boolean;
  /** Its request was refused: it is not sent again. */
  dropped: boolean;
}

/** A chunk that starts its way now; with a `position` it came out of the spool and is safe. */
export function waitingFor(chunk: Chunk, ticket: Ticket | undefined, since: number, position?: Position): Waiting {
  const safe = position !== undefined;
  const request = ticket?.entry;
  // A chunk out of the spool was written down when it was spooled.
  const bytes = chunk.data.length + (safe ? 0 : (chunk.ledgerText?.length ?? 0));
  return { chunk, bytes, ticket, request, since, safe, spooling: false, position, delivered: false, dropped: false };
}

/**
 * Whether its request still waits for it. A dropped chunk does not count: spooled now, it would land behind chunks
 * that came after it.
 */
export const isUnsafe = ({ safe, spooling, dropped }: Waiting): boolean => !safe && !spooling && !dropped;

/** Notes that a chunk is safe; the last one of a request answers it. */
export function makeSafe(waiting: Waiting): void {
  if (waiting.safe) return;
  waiting.safe = true;
  const { ticket, chunk } = waiting;
  if (ticket === undefined) return;
  ticket.left -= 1;
  if (ticket.left > 0 || ticket.entry.outcome === 'refused') ticket.kept(chunk);
  else ticket.settle();
}
