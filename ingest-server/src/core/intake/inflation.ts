import { limits } from '@millrace/sdk/schema';
import { RequestError } from '../request-error.js';

/** How many bytes a body may become for each that was sent. A tracker's events, zipped, become about 16. */
const maxInflation = 50;

/** How large one body may become. */
export interface InflationBound {
  readonly bytes: number;
  /** The refusal of a body that becomes larger. */
  exceeded(): RequestError;
}

/** The bound of a body of which `sent` bytes arrived. */
export function inflationBound(sent: number): InflationBound {
  const bytes = sent * maxInflation;
  if (bytes >= limits.batchBytes) {
    return {
      bytes: limits.batchBytes,
      exceeded: () =>
        new RequestError('too_large', `the body has more than ${limits.batchBytes} bytes unzipped: split the batch`),
    };
  }
  return {
    bytes,
    exceeded: () =>
      new RequestError(
        'inflates_too_much',
        `the body has more than ${bytes} bytes unzipped, over ${maxInflation} times the ${sent} that were sent: split the batch, or send it unzipped`,
      ),
  };
}
