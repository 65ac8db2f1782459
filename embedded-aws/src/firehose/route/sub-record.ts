import type { Failure } from './failure.js';

/** A record, or one of several that it holds: the bytes `data.subarray(start, end)`. */
export interface SubRecord {
  data: Buffer;
  start: number;
  end: number;
  /** The parsed text, where it had to be parsed. */
  value?: unknown;
  /** Why it cannot be delivered, where that is known already. */
  failure?: Failure;
  /** The partition keys that a Lambda function gave it. */
  lambdaKeys?: Readonly<Record<string, unknown>>;
}

/** What a sub-record becomes: bytes of a partition, or a failure. */
export interface Piece extends SubRecord {
  /**
   * The values of the configuration's `keyNames` and then of its `lambdaKeyNames`, in that order, or why there are
   * none.
   */
  result: string[] | Failure;
}

/** Whether there are no partition values, but a reason. */
export const isFailure = (result: string[] | Failure): result is Failure => !Array.isArray(result);
