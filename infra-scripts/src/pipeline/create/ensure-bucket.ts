import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { describeBucket } from '../describe.js';
import { type Context, call } from './context.js';
import { createError, differsError, nameOf, refused } from './errors.js';

/** Creates the lake's bucket unless it exists in the pipeline's region. */
export async function ensureBucket(context: Context): Promise<void> {
  const { bucket: name, region } = context.pipeline.settings;
  const found = await describeBucket(context.clients.s3, name, context.signal);
  if (found) {
    if (found.region !== undefined && found.region !== region) {
      throw differsError(`the bucket ${name}`, [`its region is ${found.region}, wanted ${region}`]);
    }
    return context.log(`bucket ${name}: exists`);
  }
  try {
    await context.clients.s3.send(new CreateBucketCommand(context.pipeline.bucket), call(context));
  } catch (error) {
    if (nameOf(error) === 'BucketAlreadyExists') {
      throw createError(
        `the bucket name ${name} is taken by another account (they are unique over all of AWS): choose another`,
        error,
      );
    }
    // Somebody was faster, with the same credentials.
    if (nameOf(error) !== 'BucketAlreadyOwnedByYou') throw refused(`creating the bucket ${name}`, error);
  }
  context.log(`bucket ${name}: created`);
}
