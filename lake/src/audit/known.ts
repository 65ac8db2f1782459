import type { SharedFacts } from './facts.js';
import { ledgerBegin } from './ledger-rows.js';
import type { Part } from './part.js';

/** What is known of all streams together, by which those of one part are judged. */
export interface Known {
  /** From then on a server that received an event wrote it into the ledger; milliseconds since 1970. */
  begin: number;
  /** Events that the ledger names bear their site. */
  hasSites: boolean;
  /** Whether the ledger names the event, received then, that makes a claim. */
  isNamed(claim: number, received: number): boolean;
}

/** What is likely, before any part is read: most lakes are so, and then one reading of them is enough. */
export function likely({ ledgerRows, sites }: SharedFacts): Known {
  const begin = ledgerBegin(ledgerRows);
  return { begin, hasSites: sites.count > 1, isNamed: (_, received) => received >= begin };
}

/** Learns from all parts what is true. */
export class Learner implements Known {
  begin: number;
  hasSites = false;
  /** 1 for each claim of an event that the ledger names. */
  private readonly namedClaims: Uint8Array;

  constructor({ ledgerRows }: SharedFacts, claims: number) {
    this.begin = ledgerBegin(ledgerRows);
    this.namedClaims = new Uint8Array(claims);
  }

  isNamed(claim: number): boolean {
    return this.namedClaims[claim] === 1;
  }

  /** Learns of the events of a part that the ledger names; a row is written after they were received. */
  learn({ facts, named }: Part): void {
    const { received, site } = facts.events.at;
    for (let row = 0; row < facts.events.length; row++) {
      if (!named.events[row]) continue;
      if (site.get(row) !== 0) this.hasSites = true;
      if (received.get(row) < this.begin) this.begin = received.get(row);
    }
    const { row, claim } = facts.claimants.at;
    for (let at = 0; at < facts.claimants.length; at++) {
      if (named.events[row.get(at)]) this.namedClaims[claim.get(at)] = 1;
    }
  }
}
