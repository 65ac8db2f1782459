import type { Chunk } from '../core/chunk.js';

/** A simulated chunk, with what an audit must know of it. Its bytes are all the same and mean nothing. */
export interface Parcel extends Chunk {
  readonly server: number;
  readonly visitor: number;
  /** The chunk's place among all chunks that its server got. */
  readonly sequence: number;
  readonly data: ParcelData;
  /** Its request was acknowledged. */
  acknowledged: boolean;
  /** How often the stream has it. */
  timesTaken: number;
}

/** Data that leads back to its parcel: records and the spool keep data only. */
interface ParcelData extends Buffer {
  parcel: Parcel;
}

/** A chunk has 48,000 bytes at most, or one event. */
const bytes = Buffer.alloc(64 * 1024);

/** As long as what the ledger says of a tracker's events: a stream's id of 20 characters, and 4 for each event. */
const ledgerTextOf = (events: number) => 'x'.repeat(23 + 4 * events);

type ParcelFacts = Pick<Parcel, 'server' | 'visitor' | 'sequence' | 'hash' | 'events'>;

/** A parcel of `length` bytes. */
export function createParcel(facts: ParcelFacts, length: number): Parcel {
  const data = bytes.subarray(0, length) as ParcelData;
  const parcel: Parcel = { ...facts, data, ledgerText: ledgerTextOf(facts.events), acknowledged: false, timesTaken: 0 };
  data.parcel = parcel;
  return parcel;
}

/** The parcel that a record's chunk is; undefined for a row of the ledger. */
export const parcelOf = (data: Buffer): Parcel | undefined => (data as Partial<ParcelData> & Buffer).parcel;
