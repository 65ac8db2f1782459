/** What a filter may use. Times of a filter are processor time, so that other work on the machine costs no record. */
export interface JqLimits {
  /** Milliseconds of processor time for a record. */
  recordMs: number;
  /** For a record after `mostInARow` in a row that took too long; until one ends in time. */
  hurriedMs: number;
  /** More, for each KiB of the record. */
  msPerKib: number;
  /** Milliseconds of processor time to compile the filter, each time that records go through it. */
  compileMs: number;
  /** Milliseconds of any time for a record: for a filter that does not end and takes no processor time. */
  wallMs: number;
  /** Bytes of JSON that the filter makes of one record. */
  outputBytes: number;
  /** Bytes of jq's memory. */
  memoryBytes: number;
  /** Milliseconds after which other filters get their turn, between two records; more where compiling takes long. */
  turnMs: number;
}

/** Far above what a record takes: 0.01 to 1 ms. */
export const defaultLimits: JqLimits = {
  recordMs: 200,
  hurriedMs: 25,
  msPerKib: 1,
  compileMs: 1_000,
  wallMs: 60_000,
  outputBytes: 1024 * 1024,
  memoryBytes: 256 * 1024 * 1024,
  turnMs: 100,
};

/** How many records in a row may take too long before the next ones get `hurriedMs`. */
export const mostInARow = 5;
