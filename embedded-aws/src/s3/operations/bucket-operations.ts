import { localRegion as region } from '@millrace/kit/local-aws';
import { invalidArgument, S3Error } from '../errors.js';
import { sendEmpty, sendXml } from '../http/answer.js';
import { readSmallBody } from '../http/body.js';
import { requireImplementedHeaders } from '../http/object-headers.js';
import { childText, parseXml } from '../http/xml.js';
import { type Handler, owner } from './call.js';

const maxBucketsAPage = 10_000;
const maxConfigurationBytes = 64 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export const listBuckets: Handler = async ({ request, response, store }) => {
  const { query } = request;
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? '';
  const limit = query.get('max-buckets') ?? String(maxBucketsAPage);
  if (!/^[1-9]\d{0,4}$/.test(limit) || Number(limit) > maxBucketsAPage)
    throw invalidArgument('max-buckets must be a number from 1 to 10000.', 'max-buckets', limit);
  const all = (await store.listBuckets()).filter(({ name }) => name.startsWith(prefix) && name > after);
  const page = all.slice(0, Number(limit));
  sendXml(response, 'ListAllMyBucketsResult', {
    Owner: owner,
    Buckets: {
      Bucket: page.map(({ name, createdAt }) => ({
        Name: name,
        CreationDate: createdAt.toISOString(),
        BucketRegion: region,
      })),
    },
    ContinuationToken: page.length < all.length ? page.at(-1)!.name : undefined,
    Prefix: prefix || undefined,
  });
};

/** In us-east-1, creating a bucket that you already own succeeds. */
export const createBucket: Handler = async ({ request, body, response, store }) => {
  const { bucket, headers } = request;
  requireImplementedHeaders(headers);
  const text = (await readSmallBody(body, headers, maxConfigurationBytes)).toString('utf8');
  const constraint = text.trim() === '' ? undefined : childText(parseXml(text), 'LocationConstraint');
  if (constraint === region)
    throw new S3Error('InvalidLocationConstraint', 'The specified location-constraint is not valid', 400, {
      LocationConstraint: constraint,
    });
  if (constraint)
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to, which is ${region}.`,
      400,
    );
  await store.createBucket(bucket);
  sendEmpty(response, 200, { location: `/${bucket}`, 'content-length': '0' });
};

/** Answers with the region, which is us-east-1. */
export const headBucket: Handler = async ({ request, response, store }) => {
  await store.requireBucket(request.bucket);
  sendEmpty(response, 200, { 'x-amz-bucket-region': region, 'x-amz-access-point-alias': 'false' });
};

/** Deletes an empty bucket and its unfinished uploads. */
export const deleteBucket: Handler = async ({ request, response, store, uploads }) => {
  await store.deleteBucket(request.bucket);
  await uploads.removeBucket(request.bucket);
  sendEmpty(response, 204);
};

/** For us-east-1, S3 answers with an empty element. */
export const getBucketLocation: Handler = async ({ request, response, store }) => {
  await store.requireBucket(request.bucket);
  sendXml(response, 'LocationConstraint', {});
};

/** No bucket here ever had versioning; for those, S3 answers with an empty element. */
export const getBucketVersioning: Handler = async ({ request, response, store }) => {
  await store.requireBucket(request.bucket);
  sendXml(response, 'VersioningConfiguration', {});
};
