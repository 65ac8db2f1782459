import { dropReasons } from './dropped.js';
import { Lateness, PartTally } from './tally.js';
import { Worst } from './worst.js';

const counters = [
  ...(['rows', 'events', 'copies', 'acrossPartitions', 'misfits', 'unnumbered', 'conflicts', 'outOfOrder'] as const),
  ...(['missing', 'lost', 'neverAcknowledged', 'implausible', 'acknowledged', 'unexplained', 'late'] as const),
];

/** What the facts show, all streams together. */
export class Findings {
  readonly counts = Object.fromEntries(counters.map((name) => [name, 0])) as Record<(typeof counters)[number], number>;
  held = { quarantine: new Map<string, number>(), errors: new Map<string, number>() };
  /** What trackers say they dropped, by reason. */
  dropped: number[] = dropReasons.map(() => 0);
  /** Of events that no row of the ledger names, because there was none then, or they came another way. */
  unledgered = { events: 0, missing: 0 };
  /** Events in recent objects without their row of the ledger yet, and events of recent rows that are not there yet. */
  underWay = { unnamed: 0, undelivered: 0 };
  lateness = new Lateness();
  streams = { total: 0, gapFree: 0, tailUnknown: 0 };
  byHour = new PartTally();
  bySdk = new PartTally();
  worst: Worst;

  constructor(worst: number) {
    this.worst = new Worst(worst);
  }

  /** Counts positions that are held, by their cause. */
  addHeld(place: keyof Findings['held'], positions: readonly (readonly [number, string])[]): void {
    const counts = this.held[place];
    for (const [, cause] of positions) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
}
