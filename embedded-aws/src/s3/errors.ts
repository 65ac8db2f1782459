import { supportedOperations } from '../service.js';

/**
 * An error as S3 answers it: a code from its table, a sentence, an HTTP status and, for some, more elements.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export class S3Error extends Error {
  constructor(
    /** As in S3's table: `NoSuchKey`. */
    readonly code: string,
    message: string,
    readonly status: number,
    /** Further elements of the `<Error>` document, such as `Key` or `ActualObjectSize`. */
    readonly details: Readonly<Record<string, string>> = {},
    /** Headers of the answer, such as `content-range` with InvalidRange. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'S3Error';
  }
}

/** 404 NoSuchBucket. */
export const noSuchBucket = (bucket: string) =>
  new S3Error('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: bucket });

/** 404 NoSuchKey. */
export const noSuchKey = (key: string) =>
  new S3Error('NoSuchKey', 'The specified key does not exist.', 404, { Key: key });

/** 404 NoSuchUpload. */
export const noSuchUpload = (uploadId: string) =>
  new S3Error(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    404,
    { UploadId: uploadId },
  );

/** 400 InvalidArgument, with the argument's name and value. */
export const invalidArgument = (message: string, name: string, value: string) =>
  new S3Error('InvalidArgument', message, 400, { ArgumentName: name, ArgumentValue: value });

/** 400 InvalidRequest. */
export const invalidRequest = (message: string) => new S3Error('InvalidRequest', message, 400);

/** 412 PreconditionFailed, with the header of the condition. */
export const preconditionFailed = (condition: string) =>
  new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
    Condition: condition,
  });

/** 400 MalformedXML. */
export const malformedXml = (why: string) =>
  new S3Error('MalformedXML', `The XML you provided was not well-formed or did not validate: ${why}`, 400);

/** 400 IncompleteBody. */
export const incompleteBody = (why: string) => new S3Error('IncompleteBody', why, 400);

/** 501: this S3 does not have the feature `what`, and refuses it instead of ignoring it. */
export const notImplemented = (what: string) =>
  new S3Error('NotImplemented', `${what} is not implemented by this embedded S3. ${supportedOperations}`, 501);

/** 500 InternalError for what is damaged on disk: which file, and what to do. AWS SDKs retry it, and then show it. */
export const damaged = (what: string) => new S3Error('InternalError', what, 500);

/** A file system without room or without handles: a retry may succeed once there is room again. */
const outOfRoom = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

/**
 * The S3Error for any other failure: `SlowDown` 503 when the disk is full or out of handles, `InternalError` 500 for
 * everything else. AWS SDKs retry both.
 */
export function unexpected(error: unknown): S3Error {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENAMETOOLONG')
    return new S3Error('KeyTooLongError', 'Your key is too long for the file system of the embedded S3.', 400);
  if (typeof code === 'string' && outOfRoom.has(code))
    return new S3Error(
      'SlowDown',
      `The embedded S3 cannot write now (${code}). Make room and try again.`,
      503,
      {},
      {
        'retry-after': '1',
      },
    );
  return new S3Error('InternalError', 'We encountered an internal error. Please try again.', 500);
}
