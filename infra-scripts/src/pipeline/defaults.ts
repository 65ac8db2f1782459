/**
 * What the pipeline's settings are unless others are given. Apart from their schema, so that a command's help loads no
 * schema.
 */
export const pipelineDefaults = {
  stream: 'clickstream',
  deliveryStream: 'clickstream-to-s3',
  bucket: 'millrace-lake',
  database: 'clickstream',
  table: 'events',
  deliveryRole: 'millrace-delivery',
  bufferSizeMiB: 64,
  bufferIntervalSeconds: 60,
  compression: 'GZIP',
  retentionHours: 24,
} as const;
