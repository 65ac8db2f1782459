import type { Parcel } from './parcel.js';

/** What became of the parcels of a whole fleet, in events. */
export interface AuditResult {
  acknowledged: number;
  /** Events that the stream has at least once; and how many more times it has them. */
  inStream: number;
  repeated: number;
  /** Acknowledged, and in a spool only. */
  inSpools: number;
  /** Acknowledged, not in the stream, and in no spool. */
  lost: number;
  /** Entered the stream behind a later event of the same visitor and server. */
  outOfOrder: number;
}

/** Watches that each acknowledged event is kept, and that a visitor's events of one server keep their order. */
export interface Audit {
  acknowledged(parcel: Parcel): void;
  taken(parcel: Parcel): void;
  /** `spooled`: the parcels that spools still have. */
  result(spooled: Iterable<Parcel>): AuditResult;
}

/** An audit that has seen nothing yet. */
export function createAudit(): Audit {
  let [acknowledged, inStream, repeated, outOfOrder] = [0, 0, 0, 0];
  /** Events that are acknowledged and that the stream does not have. */
  let owed = 0;
  /** By server and visitor, the sequence number of the last parcel that the stream took for the first time. */
  const last: Map<number, number>[] = [];

  return {
    acknowledged(parcel) {
      parcel.acknowledged = true;
      acknowledged += parcel.events;
      if (parcel.timesTaken === 0) owed += parcel.events;
    },
    taken(parcel) {
      parcel.timesTaken += 1;
      if (parcel.timesTaken > 1) {
        repeated += parcel.events;
        return;
      }
      inStream += parcel.events;
      if (parcel.acknowledged) owed -= parcel.events;
      last[parcel.server] ??= new Map();
      const ofServer = last[parcel.server]!;
      const before = ofServer.get(parcel.visitor) ?? -1;
      if (before > parcel.sequence) outOfOrder += parcel.events;
      else ofServer.set(parcel.visitor, parcel.sequence);
    },
    result(spooled) {
      let inSpools = 0;
      for (const parcel of spooled) if (parcel.acknowledged && parcel.timesTaken === 0) inSpools += parcel.events;
      return { acknowledged, inStream, repeated, inSpools, lost: owed - inSpools, outOfOrder };
    },
  };
}
