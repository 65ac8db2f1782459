import { type Facts, places } from './facts.js';
import type { Claimer, Point } from './gaps.js';
import type { JudgedObject } from './judged-object.js';
import { ledgerBegin } from './ledger-rows.js';
import type { Part } from './part.js';

/** Says what facts bear witness of: which positions of a stream are known, and by whose word. */
export class Witness {
  private readonly objects: readonly JudgedObject[];
  private readonly hasLedger: boolean;
  /** From then on a server that received an event wrote it into the ledger. */
  private begin: number;
  /** Events that the ledger names bear their site. */
  private hasSites = false;
  /** 1 for each claim of an event that the ledger names. */
  private readonly namedClaims: Uint8Array;

  constructor(shared: Facts['shared'], claims: number, objects: readonly JudgedObject[]) {
    this.objects = objects;
    this.hasLedger = shared.ledgerRows.length > 0;
    this.begin = ledgerBegin(shared.ledgerRows);
    this.namedClaims = new Uint8Array(claims);
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

  isRecent(object: number): boolean {
    return this.objects[object]?.isRecent === true;
  }

  isRecentEntry({ ledger, shared }: Facts, entry: number): boolean {
    return this.isRecent(shared.ledgerRows.at.object.get(ledger.at.row.get(entry)));
  }

  /**
   * Who speaks by an event. Where a server with a ledger stamps events with their site, which no page can, one without
   * was received by a server before 0.2.0.
   */
  claimer(isNamed: boolean, received: number, site: number): Claimer {
    if (isNamed) return 'acknowledged';
    return received >= this.begin && (site !== 0 || !this.hasSites) ? 'unexplained' : 'unledgered';
  }

  /** The known positions of a stream; of several events at one, who put it there without a ledger has the word. */
  points(part: Part, stream: number): Point[] {
    return [...this.eventPoints(part, stream), ...this.lostPoints(part, stream), ...this.otherPoints(part, stream)];
  }

  private eventPoints({ facts, events, named }: Part, stream: number): Point[] {
    const points: Point[] = [];
    const { seq, received, happened, sdk, site } = facts.events.at;
    for (let place = events.start[stream]!; place < events.start[stream + 1]!; place++) {
      const row = events.order[place]!;
      const claimer = this.claimer(named.events[row] === 1, received.get(row), site.get(row));
      const by = { time: timeOf(received.get(row), happened.get(row)), sdk: sdk.get(row) };
      const before = points.at(-1);
      if (before === undefined || before.seq !== seq.get(row))
        points.push({ seq: seq.get(row), kind: 'there', claimer, by });
      else if (claimer === 'unledgered' || before.claimer === 'unexplained') Object.assign(before, { claimer, by });
    }
    return points;
  }

  private lostPoints({ facts, named }: Part, stream: number): Point[] {
    const lost = named.lost.get(stream) ?? [];
    return lost.map((entry) => ({
      seq: facts.ledger.at.seq.get(entry),
      kind: this.isRecentEntry(facts, entry) ? 'there' : 'lost',
      claimer: 'acknowledged',
    }));
  }

  private otherPoints({ facts, held, claims }: Part, stream: number): Point[] {
    const points: Point[] = [];
    const byText: Claimer = this.hasLedger ? 'acknowledged' : 'unledgered';
    for (let place = held.start[stream]!; place < held.start[stream + 1]!; place++) {
      const row = held.order[place]!;
      if (facts.held.at.place.get(row) !== places.errors) continue;
      points.push({ seq: facts.held.at.seq.get(row), kind: 'there', claimer: byText });
    }
    const { seq, received, happened, sdk, site, number, isHeld } = facts.claims.at;
    for (let place = claims.start[stream]!; place < claims.start[stream + 1]!; place++) {
      const claim = claims.order[place]!;
      const told = { seq: seq.get(claim), kind: 'told' as const };
      if (isHeld.get(claim)) points.push({ ...told, claimer: byText });
      else {
        const claimer = this.claimer(this.namedClaims[number.get(claim)] === 1, received.get(claim), site.get(claim));
        points.push({
          ...told,
          claimer,
          by: { time: timeOf(received.get(claim), happened.get(claim)), sdk: sdk.get(claim) },
        });
      }
    }
    return points;
  }
}

/** When a server received an event, else when it happened. */
export const timeOf = (received: number, happened: number): number => (Number.isNaN(received) ? happened : received);
