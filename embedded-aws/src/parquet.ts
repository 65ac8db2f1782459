/**
 * Data Firehose's record format conversion alone: JSON values to one Parquet object, by a Glue table's column types.
 */
export { configureConversion } from './firehose/config/conversion.js';
export { parseHiveType } from './firehose/config/hive-type.js';
export { createConverter } from './firehose/route/convert-record.js';
export { toParquet } from './firehose/write/to-parquet.js';
