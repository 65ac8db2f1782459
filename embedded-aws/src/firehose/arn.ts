import { localAccountId, localRegion } from '@millrace/kit/local-aws';

/** The ARN of a delivery stream. */
export const arnOf = (name: string): string =>
  `arn:aws:firehose:${localRegion}:${localAccountId}:deliverystream/${name}`;
