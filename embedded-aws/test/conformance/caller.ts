/**
 * A client of AWS that takes an operation by its name, so that one list of promises is put to several. `Data` and `Body` are text on the way in
 * and on the way out; blobs, times and all else are as the client has them.
 */
export interface Caller {
  readonly services: readonly Service[];
  /** @throws CallError what the service answered */
  call(service: Service, operation: string, input?: object): Promise<Answer>;
  close(): Promise<void>;
}

export type Service = 'firehose' | 'kinesis' | 's3' | 'cloudwatch' | 'glue';

// biome-ignore lint/suspicious/noExplicitAny: what an operation answers is known to the promise that calls it.
export type Answer = any;

export class CallError extends Error {
  constructor(
    /** As in the service's model. */
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** One line of docs/conformance.md, and how it is found to be so. */
export interface Promised {
  line: string;
  check(caller: Caller, world: World): Promise<void>;
}

export interface World {
  /** A name that nobody else has. */
  unique(prefix: string): string;
  url: string;
}
