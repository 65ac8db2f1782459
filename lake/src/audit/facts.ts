import { Columns } from './columns.js';
import { TextTable } from './text-table.js';

/** Marks of an event, beside the 24 bits of its check. */
export const marks = {
  /** It has an id. Events without one cannot be told apart. */
  id: 1 << 24,
  /** It has a stream and a position in it. */
  numbered: 1 << 25,
  /** A value of it does not fit its column. */
  misfit: 1 << 26,
  /** A row of the ledger names it. */
  named: 1 << 27,
} as const;

/** An event that is not delivered, but kept as text. */
export interface HeldEvent {
  stream: number;
  seq: number;
  check: number;
  place: 'quarantine' | 'errors';
}

/** A row of the ledger, without what it names. */
export interface LedgerRowFact {
  server: string;
  /** NaN when it is not a number of a row. */
  row: number;
  /** NaN when it has no time. */
  received: number;
  /** What it names can be read. */
  readable: boolean;
  /** Its object; -1 for an error object. */
  object: number;
}

/**
 * What the audit keeps of the lines that it read, in the order of reading. Nothing here knows of files; `streams` gives
 * the streams their numbers.
 */
export class Facts {
  readonly streams: TextTable;
  /** The values of `sdk`; at most 65,535. */
  readonly sdks: TextTable;
  /**
   * Every delivered event, copies too. `late`: received less happened. Times are NaN where there is none. `check` has
   * `marks` above its 24 bits.
   */
  readonly events = new Columns({
    stream: 'u32',
    seq: 'f64',
    idA: 'u32',
    idB: 'u32',
    check: 'u32',
    received: 'f64',
    happened: 'f64',
    object: 'u32',
    sdk: 'u16',
  });
  /** What an event says of the visitor's stream before: `by` is its row, or the largest number for a held event. */
  readonly claims = new Columns({ stream: 'u32', seq: 'f64', by: 'u32' });
  /** What the ledger names: `row` is the place in `ledgerRows`. */
  readonly ledger = new Columns({ stream: 'u32', seq: 'f64', check: 'u32', row: 'u32' });
  readonly ledgerRows: LedgerRowFact[] = [];
  readonly held: HeldEvent[] = [];

  /** @param seed of this run: nobody can prepare ids or streams whose hashes collide */
  constructor(seed: number) {
    this.streams = new TextTable(seed);
    this.sdks = new TextTable(seed);
    this.sdks.numberOf('');
  }

  /** How much there is; `cut` goes back to it. */
  mark(): number[] {
    return [this.events.length, this.claims.length, this.ledger.length, this.ledgerRows.length, this.held.length];
  }

  /** Takes back all since `mark`: the object turned out to be damaged. */
  cut([events, claims, ledger, ledgerRows, held]: number[]): void {
    this.events.cut(events!);
    this.claims.cut(claims!);
    this.ledger.cut(ledger!);
    this.ledgerRows.length = ledgerRows!;
    this.held.length = held!;
  }
}

/** Facts on their way from a worker. */
export type PackedFacts = ReturnType<typeof packFacts>;

/** What a worker hands over. */
export const packFacts = ({ streams, sdks, events, claims, ledger, ledgerRows, held }: Facts) => ({
  streams: streams.pack(),
  sdks: sdks.pack(),
  events: { length: events.length, chunks: events.chunks },
  claims: { length: claims.length, chunks: claims.chunks },
  ledger: { length: ledger.length, chunks: ledger.chunks },
  ledgerRows,
  held,
});

/** The memory that goes over to the reader's thread instead of being copied. */
export const buffersOf = ({ streams, sdks, events, claims, ledger }: PackedFacts): ArrayBuffer[] =>
  [
    ...[streams, sdks].flatMap(({ bytes, ends }) => [bytes, ends]),
    ...[events, claims, ledger].flatMap(({ chunks }) => chunks.flatMap((chunk) => Object.values(chunk))),
  ].map(({ buffer }) => buffer as ArrayBuffer);

/** Adds what a worker found. */
export function addPacked(facts: Facts, packed: PackedFacts): void {
  const streams = facts.streams.merge(packed.streams);
  const sdks = facts.sdks.merge(packed.sdks);
  const [firstEvent, firstRow] = [facts.events.length, facts.ledgerRows.length];
  const stream = (number: number) => streams[number] ?? number;
  facts.events.append(packed.events, { stream, sdk: (number) => (sdks[number]! > 0xffff ? 0 : sdks[number]!) });
  facts.claims.append(packed.claims, { stream, by: (row) => (row === byHeld ? row : row + firstEvent) });
  facts.ledger.append(packed.ledger, { stream, row: (row) => row + firstRow });
  for (const row of packed.ledgerRows) facts.ledgerRows.push(row);
  for (const event of packed.held) facts.held.push({ ...event, stream: stream(event.stream) });
}

/** `by` of a claim that a held event makes. */
export const byHeld = 0xffffffff;
