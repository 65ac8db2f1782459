import type { Operation } from './http/operation.js';
import { abortMultipartUpload, completeMultipartUpload } from './multipart/complete-upload.js';
import { createMultipartUpload } from './multipart/create-upload.js';
import { listMultipartUploads, listParts } from './multipart/list-uploads.js';
import { uploadPart } from './multipart/upload-part.js';
import { uploadPartCopy } from './multipart/upload-part-copy.js';
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from './operations/bucket-operations.js';
import type { Handler } from './operations/call.js';
import { copyObject } from './operations/copy-object.js';
import { deleteObject, deleteObjects } from './operations/delete-objects.js';
import { getObject, headObject } from './operations/get-object.js';
import { listObjects, listObjectsV2 } from './operations/list-operations.js';
import { putObject } from './operations/put-object.js';
import { selectObjectContent } from './select/select-object-content.js';

/** What answers each operation. A new one needs its name in http/operation.ts and its handler here. */
export const handlers: Record<Operation, Handler> = {
  ListBuckets: listBuckets,
  CreateBucket: createBucket,
  HeadBucket: headBucket,
  DeleteBucket: deleteBucket,
  GetBucketLocation: getBucketLocation,
  GetBucketVersioning: getBucketVersioning,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  PutObject: putObject,
  CopyObject: copyObject,
  GetObject: getObject,
  HeadObject: headObject,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  CreateMultipartUpload: createMultipartUpload,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload,
  ListParts: listParts,
  ListMultipartUploads: listMultipartUploads,
  SelectObjectContent: selectObjectContent,
};
