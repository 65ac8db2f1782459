import { type Facts, places, type SharedFacts } from './facts.js';
import type { Claimer, Point } from './gaps.js';
import type { JudgedObject } from './judged-object.js';
import type { Known } from './known.js';
import type { Part } from './part.js';

/** Says what facts bear witness of: which positions of a stream are known, and by whose word. */
export class Witness {
  private readonly objects: readonly JudgedObject[];
  private readonly hasLedger: boolean;
  private readonly known: Known;
  /** When the last unnamed event was received of those from before `known.begin`. */
  private latestBefore = Number.NEGATIVE_INFINITY;
  private hasAskedWithoutSite = false;
  /** For each claim: 0, or 1 and 2 for the answer that its event is named, and is not. */
  private readonly answers: Uint8Array;

  /** @param claims how many there are */
  constructor(
    { ledgerRows }: SharedFacts,
    { claims, known, objects }: { claims: number; known: Known; objects: readonly JudgedObject[] },
  ) {
    this.objects = objects;
    this.known = known;
    this.hasLedger = ledgerRows.length > 0;
    this.answers = new Uint8Array(claims);
  }

  /** Whether all that it said so far would be the same by the truth. */
  holds(truth: Known): boolean {
    if (this.latestBefore >= truth.begin) return false;
    if (this.hasAskedWithoutSite && truth.hasSites !== this.known.hasSites) return false;
    return this.answers.every((answer, claim) => answer === 0 || (answer === 1) === truth.isNamed(claim, Number.NaN));
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
    const { begin, hasSites } = this.known;
    if (received < begin && received > this.latestBefore) this.latestBefore = received;
    if (site === 0) this.hasAskedWithoutSite = true;
    return received >= begin && (site !== 0 || !hasSites) ? 'unexplained' : 'unledgered';
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
        const claimer = this.claimer(
          this.isNamed(number.get(claim), received.get(claim)),
          received.get(claim),
          site.get(claim),
        );
        points.push({
          ...told,
          claimer,
          by: { time: timeOf(received.get(claim), happened.get(claim)), sdk: sdk.get(claim) },
        });
      }
    }
    return points;
  }

  private isNamed(claim: number, received: number): boolean {
    const isNamed = this.known.isNamed(claim, received);
    this.answers[claim] = isNamed ? 1 : 2;
    return isNamed;
  }
}

/** When a server received an event, else when it happened. */
export const timeOf = (received: number, happened: number): number => (Number.isNaN(received) ? happened : received);
