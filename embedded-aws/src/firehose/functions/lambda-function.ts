/**
 * Calls a function as Lambda would, with a JSON value, and gives its answer. @throws what Lambda says of an invocation
 * that fails
 */
export type LambdaFunction = (event: object, signal: AbortSignal) => Promise<unknown>;

/** A function that is missing, or a module that cannot be its stand-in; the message says what to do. */
export class FunctionError extends Error {}

/** What an invocation may use: Lambda's own limits, where it has them. */
export interface FunctionLimits {
  /** For an invocation, in milliseconds of any time: what Lambda lets Firehose wait. */
  timeoutMs: number;
  /** For the module to load, in milliseconds. */
  initMs: number;
  /** Of the heap of JavaScript, in MiB. */
  memoryMb: number;
  /** The answer's JSON, in bytes. */
  answerBytes: number;
}

/** Lambda's own, but for the memory. */
export const defaultLimits: FunctionLimits = {
  timeoutMs: 5 * 60_000,
  initMs: 10_000,
  memoryMb: 512,
  answerBytes: 6 * 1024 * 1024,
};

/** Lambda's words. */
export const tooLarge = (bytes: number): string =>
  `Response payload size exceeded maximum allowed payload size (${bytes} bytes).`;
