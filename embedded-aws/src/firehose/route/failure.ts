/** Why a record goes to the error prefix. */
export interface Failure {
  /** The value of `!{firehose:error-output-type}`. */
  errorType:
    | 'metadata-extraction-failed'
    | 'activePartitionExceeded'
    | 'processing-failed'
    | 'format-conversion-failed';
  errorCode: string;
  errorMessage: string;
  /** 1 when there was no retry. */
  attemptsMade?: number;
  /** Of a function that was asked. */
  lambdaARN?: string;
}

/** @param errorMessage as Firehose words it, where that is known, or jq's own message. */
export const extractionFailed = (errorMessage: string): Failure => ({
  errorType: 'metadata-extraction-failed',
  errorCode: 'DynamicPartitioning.MetadataExtractionFailed',
  errorMessage,
});

/** Firehose's words for a record that is not JSON. */
export const notJson = extractionFailed('Non JSON record provided');

/** Firehose's words for a key that is null or empty. */
export const emptyKey = extractionFailed('partitionKeys values must not be null or empty');

/** Code and message are not documented; only the name of the folder is. */
export const tooManyPartitions: Failure = {
  errorType: 'activePartitionExceeded',
  errorCode: 'DynamicPartitioning.ActivePartitionsLimitExceeded',
  errorMessage: 'The number of active partitions has reached the limit of the delivery stream',
};

const conversionFailed = (errorCode: string, errorMessage: string): Failure => ({
  errorType: 'format-conversion-failed',
  errorCode,
  errorMessage,
});

/** The codes are AWS's; its messages are not known. */
export const notParsed = conversionFailed('DataFormatConversion.ParseError', 'The record is not one JSON value.');
/** A record that does not fit its table. @param why as a sentence */
export const malformed = (why: string): Failure => conversionFailed('DataFormatConversion.MalformedData', why);

/** The origin of a record that could not be converted; `table` is the Glue table. */
export interface ConversionOrigin {
  /** Of the record in its stream; a record that was put has none. */
  sequenceNumber: string | null;
  table: object;
}

/** One line of an error object of format conversion, with the members that the service was seen to write. */
export const conversionErrorLine = (
  failure: Failure,
  rawData: Buffer,
  { sequenceNumber, table }: ConversionOrigin,
  arrivalMs: number,
  nowMs: number,
): Buffer =>
  Buffer.from(
    `${JSON.stringify({
      attemptsMade: 1,
      arrivalTimestamp: Math.round(arrivalMs),
      lastErrorCode: failure.errorCode,
      lastErrorMessage: failure.errorMessage,
      attemptEndingTimestamp: nowMs,
      rawData: rawData.toString('base64'),
      sequenceNumber,
      subSequenceNumber: null,
      dataCatalogTable: table,
    })}\n`,
  );

/**
 * One line of an error object. Its members are those that were seen of other processing errors; Firehose's own line for
 * dynamic partitioning is not documented.
 */
export function errorLine(failure: Failure, rawData: Buffer, arrivalMs: number, nowMs: number): Buffer {
  return Buffer.from(
    `${JSON.stringify({
      rawData: rawData.toString('base64'),
      errorCode: failure.errorCode,
      errorMessage: failure.errorMessage,
      attemptsMade: failure.attemptsMade ?? 1,
      arrivalTimestamp: Math.round(arrivalMs),
      attemptEndingTimestamp: nowMs,
      lambdaARN: failure.lambdaARN,
    })}\n`,
  );
}
