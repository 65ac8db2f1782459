import type { IncomingMessage, ServerResponse } from 'node:http';

/** One service of the embedded AWS, as the endpoint that all of them share sees it. */
export interface AwsService {
  /** The service's name as people know it: `Kinesis`, `S3`, `Data Firehose`. */
  readonly name: string;
  /** The service's part of `x-amz-target`, such as `Kinesis_20131202`; absent where requests have no such header. */
  readonly target?: string;
  /** Whether a request without `x-amz-target` is for this service; the endpoint asks the services in their order. */
  accepts?(request: IncomingMessage): boolean;
  /** Answers one request. The endpoint answers whatever it throws as an InternalFailure, and logs it. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Stops the service's own work; what it acknowledged is on disk when this resolves. */
  close(): Promise<void>;
}

/** Takes one line of the log of the embedded AWS. */
export type Log = (line: string) => void;

/** The end of every refusal of an operation or a service that the embedded AWS does not have. */
export const supportedOperations = 'docs/embedded-aws.md lists every supported operation.';
