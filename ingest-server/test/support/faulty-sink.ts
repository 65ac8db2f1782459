import type { PackedRecord, RecordFailure, Sink, SinkError } from '../../src/core/delivery/sink.js';

/** What goes wrong with one call; nothing does, where all is undefined. */
export interface Fault {
  /** The call fails; the records are not put. */
  error?: SinkError | undefined;
  /** The call fails, and yet the records were put: the answer was lost on the way. */
  errorAfterPut?: SinkError | undefined;
  /** Which records fail. */
  record?: (record: PackedRecord, index: number) => RecordFailure;
  /** The call waits for this first. */
  wait?: Promise<unknown> | undefined;
}

/** A sink that fails as told, before it reaches the one behind it. */
export function createFaultySink(behind: Sink, next: (records: readonly PackedRecord[]) => Fault | undefined): Sink {
  return {
    async put(records) {
      const fault = next(records) ?? {};
      await fault.wait;
      if (fault.error !== undefined) throw fault.error;
      const failures = records.map((record, i) => fault.record?.(record, i));
      const passing = records.filter((_, i) => failures[i] === undefined);
      const outcomes = passing.length > 0 ? await behind.put(passing) : [];
      if (fault.errorAfterPut !== undefined) throw fault.errorAfterPut;
      return failures.map((failure) => failure ?? outcomes.shift());
    },
    ranges: () => behind.ranges(),
    read: (span, visit) => behind.read(span, visit),
    close: () => behind.close(),
  };
}
