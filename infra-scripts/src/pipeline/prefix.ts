import { partitionColumns } from '@millrace/sdk/schema';

/**
 * The lake's partition keys, outermost first, as they stand in an object's key:
 * `page=books/event=liked_item/dt=2026-11-23/`.
 */
export function partitionKeys({ datePartition }: { datePartition: boolean }): string[] {
  return [...partitionColumns, ...(datePartition ? ['dt'] : [])];
}

/** The jq filter that finds a record's partition keys: `{page:.page,event:.event}`. */
export const partitionQuery = `{${partitionColumns.map((name) => `${name}:.${name}`).join(',')}}`;

/** Firehose's `Prefix`. https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html */
export function deliveryPrefix(settings: { datePartition: boolean }): string {
  return partitionKeys(settings)
    .map((name) => `${name}=!{${name === 'dt' ? 'timestamp:yyyy-MM-dd' : `partitionKeyFromQuery:${name}`}}/`)
    .join('');
}

/** Firehose's `ErrorOutputPrefix`: where the records lie that could not be delivered. */
export const errorPrefix = 'errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/';
