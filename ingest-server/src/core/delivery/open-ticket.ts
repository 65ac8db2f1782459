import type { Chunk } from '../chunk.js';
import type { Balance } from './balance.js';
import type { DeliveryHooks } from './delivery-hooks.js';
import type { Ticket } from './ticket.js';

/** Of one request. */
export interface TicketOptions {
  /** How many chunks the request has. */
  left: number;
  balance: Balance;
  hooks: DeliveryHooks;
}

/** A request's ticket, which resolves when all of its chunks are safe and rejects when one cannot be. */
export function openTicket(
  { left, balance, hooks }: TicketOptions,
  resolve: () => void,
  reject: (reason: Error) => void,
): Ticket {
  const entry = balance.openRequest();
  let kept: Chunk[] = [];
  return {
    left,
    entry,
    kept(chunk) {
      if (entry.outcome === 'refused') hooks.keptThoughRefused?.(chunk);
      else kept.push(chunk);
    },
    settle(error) {
      balance.closeRequest(entry, error === undefined ? 'safe' : 'refused');
      if (error !== undefined) for (const chunk of kept) hooks.keptThoughRefused?.(chunk);
      kept = [];
      if (error === undefined) resolve();
      else reject(error);
    },
  };
}
