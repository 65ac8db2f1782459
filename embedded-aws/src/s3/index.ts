import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsService, Log } from '../service.js';
import { requireBucketName } from './bucket-name.js';
import { notImplemented, S3Error, unexpected } from './errors.js';
import { handlers } from './handlers.js';
import { sendEmpty, sendError } from './http/answer.js';
import { operationOf } from './http/operation.js';
import { readRequest, type S3Request } from './http/request.js';
import { openUploadStore } from './multipart/upload-store.js';
import type { Handler } from './operations/call.js';
import { type BufferedObject, putBuffer } from './operations/put-buffer.js';
import { type Disk, errorCode } from './store/disk.js';
import { openObjectStore } from './store/object-store.js';

/** S3 as a service that others in this process use without HTTP. */
export interface S3 extends AwsService {
  /**
   * PutObject of an object in memory.
   * @throws S3Error what PutObject answers
   */
  putObject(object: BufferedObject): Promise<void>;
}

/**
 * A small S3 over plain files: the object `page=books/x.gz` of the bucket `lake` is the file
 * `<folder>/lake/page=books/x.gz`, so that DuckDB, or a person, reads the same folder. It holds nothing but objects.
 * Metadata, and files that are being written, lie under `metaFolder`, which must be on the same file system. Files that
 * a person puts into the folder are objects too, with default metadata.
 *
 * - A write that is answered with 200 is on disk. An object exists whole or not at all, also after `kill -9`.
 * - It is for 127.0.0.1: it verifies no signature, and every request may do everything. Presigned URLs work, and
 *   expire.
 * - It refuses versions, ACLs, policies, tags, lifecycle, encryption and object lock, each by name.
 * - S3 Select reads JSON, plain or gzip, and Parquet.
 * - One process at a time may have a folder open. Where the file system takes `A` and `a` for one name, this S3 does
 *   too.
 *
 * @throws MillraceError `STATE_UNREADABLE` when a folder cannot be used: the message says which, why, and what to do
 */
export async function openS3(options: {
  folder: string;
  metaFolder: string;
  log: Log;
  /** For tests that make the disk fail. */
  disk?: Disk;
}): Promise<S3> {
  const { log } = options;
  const store = await openObjectStore(options);
  const uploads = await openUploadStore(options);
  const running = new Set<Promise<void>>();
  const tracked = (work: Promise<void>): Promise<void> => {
    running.add(work);
    return work.finally(() => running.delete(work));
  };

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    let request: S3Request | undefined;
    try {
      request = readRequest(message);
      if (request.bucket !== '') requireBucketName(request.bucket);
      const operation = operationOf(request);
      const handler = (handlers as Record<string, Handler | undefined>)[operation];
      if (!handler) throw notImplemented(operation);
      // A handler that does not read the whole body must not close the connection before its answer.
      const body = message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      await handler({ request, body, response, store, uploads });
    } catch (error) {
      answerError(error, message, response, request);
    }
  }

  /** What to answer; logged where it is not the client's doing. */
  function asS3Error(error: unknown, what: string): S3Error {
    if (error instanceof S3Error) {
      if (error.status === 500) log(`S3: ${what} failed: ${error.message}`);
      return error;
    }
    const answered = unexpected(error);
    const { status, code } = answered;
    log(`S3: ${what} failed with ${errorCode(error) ?? 'an error'}, answered ${status} ${code}: ${error}`);
    return answered;
  }

  function answerError(error: unknown, message: IncomingMessage, response: ServerResponse, request?: S3Request): void {
    // The client disconnected while it was sending. Nothing of its request was kept.
    if (message.errored || response.destroyed) return;
    const answered = asS3Error(error, `${message.method} /${request?.bucket ?? ''}/${request?.key ?? ''}`);
    if (response.headersSent) {
      // The client must not take half an object for a whole one.
      response.destroy();
      return;
    }
    sendError(response, answered, request ?? { method: message.method ?? '' });
    // Reads the rest of a refused body: otherwise the client would see a connection reset instead of the answer.
    message.resume();
  }

  return {
    name: 'S3',
    accepts: () => true,
    async handle(message, response) {
      if (message.method === 'OPTIONS') return sendEmpty(response, 403);
      await tracked(answer(message, response));
    },
    putObject: (object) =>
      tracked(
        putBuffer(store, object).catch((error: unknown) => {
          throw asS3Error(error, `PUT /${object.bucket}/${object.key}`);
        }),
      ),
    async close() {
      await Promise.all(running);
    },
  };
}
