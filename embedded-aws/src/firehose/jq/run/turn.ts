/** Records on their way through jq. */
export interface Turn {
  program: string;
  records: readonly Buffer[];
  /** Milliseconds of processor time that a record may take, besides those for its size. */
  recordMs: number;
}

/** Why jq gave no line for a record, or none for any. */
export interface Fault {
  /**
   * `refused`: jq does not compile the program. `compile`: compiling it took too much. `time`, `jq`: the record is at
   * fault. `else`: the record is at fault if it was the first, and else those before it may be.
   */
  kind: 'refused' | 'compile' | 'time' | 'jq' | 'else';
  message: string;
}

/** What became of a turn: the records behind the last line, and behind the one at fault, wait for another turn. */
export interface TurnOutcome {
  /** A line of JSON for each record that was done with, in order. */
  lines: string;
  fault?: Fault | undefined;
}

/** Records as a thread gets them: one text, each record followed by a line break, and where each ends. */
export interface PackedRecords {
  bytes: Uint8Array<ArrayBuffer>;
  ends: Uint32Array<ArrayBuffer>;
}

/** Input beyond it waits for the next turn: it would be copied again and again if the turn is short. */
const mostBytes = 4 * 1024 * 1024;

/** Copies records, as many as go into one turn. */
export function pack(records: readonly Buffer[]): PackedRecords {
  let [count, size] = [0, 0];
  for (; count < records.length && (count === 0 || size < mostBytes); count++) size += records[count]!.length + 1;
  const bytes = new Uint8Array(size);
  const ends = new Uint32Array(count);
  let end = 0;
  for (let n = 0; n < count; n++) {
    const record = records[n]!;
    bytes.set(record, end);
    end += record.length;
    bytes[end++] = 10;
    ends[n] = end;
  }
  return { bytes, ends };
}
