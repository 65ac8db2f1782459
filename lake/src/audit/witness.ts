import { byHeld, type Facts, type HeldEvent, marks } from './facts.js';
import type { Claimer, Point } from './gaps.js';
import type { JudgedObject } from './judged-object.js';
import { ledgerBegin } from './ledger-rows.js';

/** What there is of a stream beside its events: rows of the ledger that name what is not there, held events, claims. */
export interface Others {
  lost: readonly number[];
  underWay: readonly number[];
  held: readonly HeldEvent[];
  claims: Uint32Array;
}

/** Says what facts bear witness of: which positions of a stream are known, and by whose word. */
export class Witness {
  private readonly facts: Facts;
  private readonly objects: readonly JudgedObject[];
  /** From then on a server that received an event wrote it into the ledger. */
  private begin: number;

  constructor(facts: Facts, objects: readonly JudgedObject[]) {
    this.facts = facts;
    this.objects = objects;
    this.begin = ledgerBegin(facts.ledgerRows);
  }

  /** A row is written after the events that it names were received. */
  beginWith(rows: Uint32Array): void {
    const { events } = this.facts;
    for (const row of rows) {
      const received = events.get('received', row);
      if (received < this.begin && events.get('check', row) & marks.named) this.begin = received;
    }
  }

  isRecent(object: number): boolean {
    return this.objects[object]?.isRecent === true;
  }

  isRecentEntry(entry: number): boolean {
    const { ledger, ledgerRows } = this.facts;
    return this.isRecent(ledgerRows[ledger.get('row', entry)]!.object);
  }

  claimer(row: number, mark = this.facts.events.get('check', row)): Claimer {
    if (mark & marks.named) return 'acknowledged';
    const received = this.facts.events.get('received', row);
    return received >= this.begin ? 'unexplained' : 'unledgered';
  }

  /** One point for each position; of several events at one, who put it there without a ledger has the word. */
  eventPoints(rows: Uint32Array): Point[] {
    const points: Point[] = [];
    for (const row of rows) {
      const seq = this.facts.events.get('seq', row);
      const claimer = this.claimer(row);
      const before = points.at(-1);
      if (before?.seq !== seq) points.push({ seq, kind: 'there', claimer, by: row });
      else if (claimer === 'unledgered' || before.claimer === 'unexplained')
        Object.assign(before, { claimer, by: row });
    }
    return points;
  }

  otherPoints({ lost, underWay, held, claims }: Others): Point[] {
    const { facts } = this;
    const hasLedger = facts.ledgerRows.length > 0;
    const byText: Claimer = hasLedger ? 'acknowledged' : 'unledgered';
    return [
      ...[...lost, ...underWay].map((entry): Point => {
        const kind = this.isRecentEntry(entry) ? 'there' : 'lost';
        return { seq: facts.ledger.get('seq', entry), kind, claimer: 'acknowledged', by: -1 };
      }),
      ...held
        .filter((each) => each.place === 'errors')
        .map(({ seq }): Point => ({ seq, kind: 'there', claimer: byText, by: -1 })),
      ...Array.from(claims, (claim): Point => {
        const by = facts.claims.get('by', claim);
        const seq = facts.claims.get('seq', claim);
        if (by === byHeld) return { seq, kind: 'told', claimer: byText, by: -1 };
        return { seq, kind: 'told', claimer: this.claimer(by), by };
      }),
    ];
  }
}
