import type { IncomingMessage, ServerResponse } from 'node:http';

/** One service of the embedded AWS, as the endpoint that all of them share sees it. */
export interface AwsPart {
  /** The service's name as people know it: `Kinesis`, `S3`, `Data Firehose`. */
  readonly name: string;
  /** Answers one request. Whatever it throws is answered as an InternalFailure and logged. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Stops the part's own work; what was acknowledged is on disk when this resolves. */
  close(): Promise<void>;
}

/** Where the embedded AWS says what it is doing; one line a call. */
export type Log = (line: string) => void;

export { localAccountId as accountId, localRegion as region } from '@millrace/kit/local-aws';

/** The end of an answer to what the embedded AWS does not have. */
export const whatThereIs = 'The list of what the embedded AWS has is docs/embedded-aws.md of Millrace.';
