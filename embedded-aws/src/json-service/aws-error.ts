import { supportedOperations } from '../service.js';

/** An error that a service answers with: its name as in the service's model, and its HTTP status. */
export class AwsError extends Error {
  constructor(
    /** As in the service's model: `ResourceNotFoundException`. */
    override readonly name: string,
    message: string,
    readonly status: number = 400,
  ) {
    super(message);
  }
}

/**
 * The answer to an operation, or a whole service, that is not there.
 * @param by who refuses: `The embedded Kinesis`
 * @param hint what to use instead, as a sentence
 */
export const notSupported = (by: string, what: string, known: string, hint = ''): AwsError =>
  new AwsError(
    'UnknownOperationException',
    `${by} does not support ${what}. ${hint}${hint && ' '}It supports ${known}. ${supportedOperations}`,
  );
