import { S3Error } from '../errors.js';
import type { S3Request } from './request.js';

/** The operations that this S3 has. */
export const operations = [
  'ListBuckets',
  'CreateBucket',
  'HeadBucket',
  'DeleteBucket',
  'GetBucketLocation',
  'GetBucketVersioning',
  'ListObjects',
  'ListObjectsV2',
  'DeleteObjects',
  'PutObject',
  'CopyObject',
  'GetObject',
  'HeadObject',
  'DeleteObject',
  'CreateMultipartUpload',
  'UploadPart',
  'UploadPartCopy',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'ListParts',
  'ListMultipartUploads',
  'SelectObjectContent',
] as const;
/** The name of an operation. */
export type Operation = (typeof operations)[number];

/** Sub-resources of a bucket, and their names in operations: `GET ?acl` is GetBucketAcl. */
const bucketSubresources: Record<string, string> = {
  abac: 'BucketAbac',
  accelerate: 'BucketAccelerateConfiguration',
  acl: 'BucketAcl',
  analytics: 'BucketAnalyticsConfiguration',
  cors: 'BucketCors',
  encryption: 'BucketEncryption',
  'intelligent-tiering': 'BucketIntelligentTieringConfiguration',
  inventory: 'BucketInventoryConfiguration',
  lifecycle: 'BucketLifecycleConfiguration',
  location: 'BucketLocation',
  logging: 'BucketLogging',
  metadataConfiguration: 'BucketMetadataConfiguration',
  metadataTable: 'BucketMetadataTableConfiguration',
  metrics: 'BucketMetricsConfiguration',
  notification: 'BucketNotificationConfiguration',
  'object-lock': 'ObjectLockConfiguration',
  ownershipControls: 'BucketOwnershipControls',
  policy: 'BucketPolicy',
  policyStatus: 'BucketPolicyStatus',
  publicAccessBlock: 'PublicAccessBlock',
  replication: 'BucketReplication',
  requestPayment: 'BucketRequestPayment',
  tagging: 'BucketTagging',
  versioning: 'BucketVersioning',
  website: 'BucketWebsite',
};

const objectSubresources: Record<string, string> = {
  acl: 'ObjectAcl',
  attributes: 'ObjectAttributes',
  'legal-hold': 'ObjectLegalHold',
  retention: 'ObjectRetention',
  tagging: 'ObjectTagging',
  torrent: 'ObjectTorrent',
};

const verbs: Record<string, string> = { GET: 'Get', HEAD: 'Get', PUT: 'Put', POST: 'Post', DELETE: 'Delete' };

/**
 * The operation of a request, by its name in S3's API. This S3 need not have it (`GetBucketAcl`).
 * @throws S3Error MethodNotAllowed
 */
export function operationOf({ method, bucket, key, query, headers }: S3Request): string {
  if (bucket === '') {
    if (method === 'GET') return 'ListBuckets';
  } else if (key === '') {
    const name = bucketOperation(method, query);
    if (name) return name;
  } else {
    const name = objectOperation(method, query, headers['x-amz-copy-source'] !== undefined);
    if (name) return name;
  }
  throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405, {
    Method: method,
    ResourceType: bucket === '' ? 'SERVICE' : key === '' ? 'BUCKET' : 'OBJECT',
  });
}

function bucketOperation(method: string, query: URLSearchParams): string | undefined {
  if (method === 'GET' && query.has('uploads')) return 'ListMultipartUploads';
  if (method === 'GET' && query.has('versions')) return 'ListObjectVersions';
  if (method === 'GET' && query.has('session')) return 'CreateSession';
  if (method === 'POST' && query.has('delete')) return 'DeleteObjects';
  const subresource = Object.keys(bucketSubresources).find((name) => query.has(name));
  if (subresource !== undefined && method in verbs) return verbs[method]! + bucketSubresources[subresource]!;
  if (method === 'GET') return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
  if (method === 'POST') return 'PostObject';
  return { PUT: 'CreateBucket', HEAD: 'HeadBucket', DELETE: 'DeleteBucket' }[method];
}

function objectOperation(method: string, query: URLSearchParams, copy: boolean): string | undefined {
  if (query.has('uploadId')) {
    if (method === 'PUT') return copy ? 'UploadPartCopy' : 'UploadPart';
    return { GET: 'ListParts', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }[method];
  }
  if (method === 'POST') {
    if (query.has('uploads')) return 'CreateMultipartUpload';
    if (query.has('select')) return 'SelectObjectContent';
    return query.has('restore') ? 'RestoreObject' : undefined;
  }
  if (method === 'PUT' && query.has('renameObject')) return 'RenameObject';
  const subresource = Object.keys(objectSubresources).find((name) => query.has(name));
  if (subresource !== undefined && method in verbs) return verbs[method]! + objectSubresources[subresource]!;
  if (method === 'PUT') return copy ? 'CopyObject' : 'PutObject';
  return { GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[method];
}
