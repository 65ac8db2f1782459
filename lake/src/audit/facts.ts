import { Rows } from './rows.js';
import { TextTable } from './text-table.js';

/** Marks of an event, beside the 24 bits of its check. */
export const marks = {
  /** It has an id. Events without one cannot be told apart. */
  id: 1 << 24,
  /** It has a stream and a position in it. */
  numbered: 1 << 25,
  /** A value of it does not fit its column. */
  misfit: 1 << 26,
} as const;

/** Where an event is held that is not delivered, but kept as text. */
export const places = { quarantine: 0, errors: 1 } as const;

/** The stream of an event that has none. */
export const noStream = 0xffffffff;

/** The position of an event that has none: no number of a line is that. */
export const noNumber = -0.5;

/**
 * The tables, and their fields. Those of 8 bytes are first, so that each is aligned. Times are NaN where there is none.
 * Every row of a stream has its object, so that an object's rows can be left out.
 */
export const tables = {
  /** Every delivered event, copies too. `check` has `marks` above its 24 bits. */
  events: {
    seq: 'f64',
    received: 'f64',
    happened: 'f64',
    stream: 'u32',
    idA: 'u32',
    idB: 'u32',
    check: 'u32',
    object: 'u32',
    sdk: 'u16',
    site: 'u16',
  },
  /**
   * What an event says of the visitor's stream before, which is `stream`; the rest is of the event itself. `number`: of
   * the claim; `isHeld`: an error object has the event.
   */
  claims: {
    seq: 'f64',
    received: 'f64',
    happened: 'f64',
    stream: 'u32',
    object: 'u32',
    number: 'u32',
    sdk: 'u16',
    site: 'u16',
    isHeld: 'u16',
  },
  /** Which row of `events` makes which claim. */
  claimants: { row: 'u32', claim: 'u32' },
  /** What the ledger names; `row` is the place in `ledgerRows`. */
  ledger: { seq: 'f64', stream: 'u32', check: 'u32', row: 'u32' },
  /** What trackers say they dropped; `stream` is the visitor, `reason` a place in `dropReasons`. */
  dropped: {
    count: 'f64',
    received: 'f64',
    happened: 'f64',
    stream: 'u32',
    object: 'u32',
    reason: 'u16',
    site: 'u16',
  },
  /** Events that are held; `place` is one of `places`. */
  held: { seq: 'f64', stream: 'u32', check: 'u32', object: 'u32', place: 'u16' },
} as const;

/** Rows of the ledger, without what they name. `row` is NaN when it is not a number of a row. */
export const ledgerRowKinds = { row: 'f64', received: 'f64', server: 'u32', object: 'u32', isReadable: 'u16' } as const;

/** What the facts of all parts of a lake share. */
export class SharedFacts {
  /** The values of `sdk`, and of `site`; the first is that of none. At most 65,535. */
  readonly sdks: TextTable;
  readonly sites: TextTable;
  readonly servers: TextTable;
  readonly ledgerRows = new Rows(ledgerRowKinds);

  constructor(seed: number) {
    this.sdks = new TextTable(seed);
    this.sdks.numberOf('');
    this.sites = new TextTable(seed);
    this.sites.numberOf('');
    this.servers = new TextTable(seed);
  }

  /** Forgets all, and keeps the room for as much. */
  clear(): void {
    for (const table of [this.sdks, this.sites, this.servers]) table.clear();
    for (const table of [this.sdks, this.sites]) table.numberOf('');
    this.ledgerRows.cut(0);
  }
}

/**
 * What the audit keeps of the lines that it read, in the order of reading, of some streams or all. Nothing here knows
 * of files; `streams` gives the streams their numbers.
 */
export class Facts {
  readonly streams: TextTable;
  readonly shared: SharedFacts;
  readonly events = new Rows(tables.events);
  readonly claims = new Rows(tables.claims);
  readonly claimants = new Rows(tables.claimants);
  readonly ledger = new Rows(tables.ledger);
  readonly held = new Rows(tables.held);
  readonly dropped = new Rows(tables.dropped);

  /** @param seed nobody outside knows it, so nobody can prepare ids or streams whose hashes collide */
  constructor(seed: number, shared: SharedFacts) {
    this.streams = new TextTable(seed);
    this.shared = shared;
  }

  /** How much there is: `cut` goes back to it. */
  mark(): number[] {
    return this.all().map(({ length }) => length);
  }

  /** Takes back all since `mark`. */
  cut(lengths: number[]): void {
    for (const [at, rows] of this.all().entries()) rows.cut(lengths[at]!);
  }

  /** Forgets all, and keeps the room for as much. */
  clear(): void {
    this.streams.clear();
    for (const rows of this.all()) rows.cut(0);
  }

  private all() {
    const { events, claims, claimants, ledger, held, dropped } = this;
    return [events, claims, claimants, ledger, held, dropped];
  }
}
