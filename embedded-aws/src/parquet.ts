/** Data Firehose's record format conversion alone: JSON values to one Parquet object, by a Glue table's column types. */
export { planConversion } from './firehose/conversion/conversion.js';
export { parseHiveType } from './firehose/conversion/hive-type.js';
export { toParquet } from './firehose/conversion/to-parquet.js';
