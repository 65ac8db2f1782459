import { Facts, SharedFacts } from './facts.js';

const partBits = 5;
/** Facts on the disk are in so many parts. */
export const partCount = 1 << partBits;

/** Facts as they are read, in parts by the hash of the stream, each of which has some streams whole. */
export class PartedFacts {
  readonly shared: SharedFacts;
  readonly parts: readonly Facts[];
  /** In all parts. */
  claims = 0;
  readonly seed: number;

  /** @param parts one, or `partCount` */
  constructor(seed: number, parts: 1 | typeof partCount) {
    this.seed = seed;
    this.shared = new SharedFacts(seed);
    this.parts = Array.from({ length: parts }, () => new Facts(seed, this.shared));
  }

  /** The part of a stream, or of an event without one, by its hash. */
  of(hash: number): Facts {
    return this.parts.length === 1 ? this.parts[0]! : this.parts[hash >>> (32 - partBits)]!;
  }

  /** How much there is: `cut` goes back to it. */
  mark(): number[] {
    return [this.claims, this.shared.ledgerRows.length, ...this.parts.flatMap((part) => part.mark())];
  }

  /** Takes back all since `mark`: the object turned out to be damaged. */
  cut([claims, ledgerRows, ...lengths]: number[]): void {
    this.claims = claims!;
    this.shared.ledgerRows.cut(ledgerRows!);
    const each = lengths.length / this.parts.length;
    for (const [at, part] of this.parts.entries()) part.cut(lengths.slice(at * each, (at + 1) * each));
  }

  /** Forgets all, and keeps the room for as much. */
  clear(): void {
    this.claims = 0;
    this.shared.clear();
    for (const part of this.parts) part.clear();
  }

  /** How many events there are. */
  get events(): number {
    return this.parts.reduce((sum, { events }) => sum + events.length, 0);
  }

  /** How many events the ledger names. */
  get acknowledged(): number {
    return this.parts.reduce((sum, { ledger }) => sum + ledger.length, 0);
  }
}
