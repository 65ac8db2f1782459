import type { ServerResponse } from 'node:http';
import type { S3Request } from '../http/request.js';
import type { UploadStore } from '../multipart/upload-store.js';
import type { ObjectStore } from '../store/object-store.js';

/** One request, and what its handler needs to answer it. */
export interface Call {
  readonly request: S3Request;
  readonly body: AsyncIterable<Buffer>;
  readonly response: ServerResponse;
  readonly store: ObjectStore;
  readonly uploads: UploadStore;
}

/** Answers a request, or throws the S3Error to answer with. */
export type Handler = (call: Call) => Promise<void>;

/** The only user. */
export const owner = {
  ID: '75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a',
  DisplayName: 'millrace',
};
