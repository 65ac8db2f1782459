import {
  eventErrors,
  lakeColumns,
  ledgerEvent,
  otherName,
  pagesWithoutEvents,
  partitionColumns,
} from '@millrace/sdk/schema';
import { partitionKeys } from './prefix.js';
import type { PipelineSettings } from './settings.js';

/** The members of Glue's TableInput that we set. https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html */
export interface TableInput {
  Name: string;
  Description: string;
  TableType: 'EXTERNAL_TABLE';
  Parameters: Record<string, string>;
  PartitionKeys: TableColumn[];
  StorageDescriptor: {
    Columns: TableColumn[];
    Location: string;
    InputFormat: string;
    OutputFormat: string;
    SerdeInfo: { SerializationLibrary: string; Parameters: Record<string, string> };
  };
}

interface TableColumn {
  Name: string;
  Type: string;
  Comment: string;
}

/** Every value that each partition key can have: what is declared, `_other`, the quarantine and the ledger. */
function partitionValues({ catalogue }: Pick<PipelineSettings, 'catalogue'>): {
  page: string[];
  event: string[];
} {
  return {
    page: [...catalogue.pages, otherName, ...pagesWithoutEvents],
    event: [...catalogue.events, otherName, ...Object.keys(eventErrors).map((code) => `_${code}`), ledgerEvent],
  };
}

/** How Athena reads the objects. */
const formats = {
  json: {
    InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
    SerdeInfo: {
      SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
      Parameters: { 'ignore.malformed.json': 'true', 'case.insensitive': 'true' },
    },
  },
  parquet: {
    InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    SerdeInfo: {
      SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
      Parameters: { 'serialization.format': '1' },
    },
  },
};

/** What Firehose writes of a record that it could not deliver. Both spellings of the reason's members were seen. */
const errorColumns = [
  ['rawdata', 'string', 'The record, base64.'],
  ['errorcode', 'string', 'Why.'],
  ['errormessage', 'string', 'Why, in words.'],
  ['lasterrorcode', 'string', 'Why, where the format conversion failed.'],
  ['lasterrormessage', 'string', 'Why, in words, where the format conversion failed.'],
  ['attemptsmade', 'bigint', 'How often it was tried.'],
  ['arrivaltimestamp', 'bigint', 'When the stream had it, in milliseconds since 1970.'],
  ['attemptendingtimestamp', 'bigint', 'When it was given up, in milliseconds since 1970.'],
] as const;

/** Athena's table over what Firehose could not deliver: JSON Lines whatever the lake's format. */
export function errorTableInput({ bucket, table }: PipelineSettings): TableInput {
  return {
    Name: `${table}_errors`,
    Description: 'One row per record that Firehose could not deliver. The reason is also in the path: errors/TYPE/.',
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE', classification: 'json' },
    PartitionKeys: [],
    StorageDescriptor: {
      Columns: errorColumns.map(([Name, Type, Comment]) => ({ Name, Type, Comment })),
      Location: `s3://${bucket}/errors/`,
      ...formats.json,
    },
  };
}

/** Athena's table over the lake, with partition projection: a new object is queryable at once, and nothing crawls. */
export function tableInput(settings: PipelineSettings): TableInput {
  const { bucket, table } = settings;
  const keys = partitionKeys(settings);
  const values = partitionValues(settings);
  const columns = lakeColumns();
  const description = (name: string) => columns.find((column) => column.name === name)?.description;
  return {
    Name: table,
    Description:
      'One row per event as delivered. An event may lie here twice: a copy has the same event_id, stream_id and seq.',
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      EXTERNAL: 'TRUE',
      classification: settings.format,
      'projection.enabled': 'true',
      ...Object.fromEntries(
        partitionColumns.flatMap((name) => [
          [`projection.${name}.type`, 'enum'],
          [`projection.${name}.values`, values[name].join(',')],
        ]),
      ),
      ...(settings.datePartition
        ? {
            'projection.dt.type': 'date',
            'projection.dt.format': 'yyyy-MM-dd',
            'projection.dt.range': 'NOW-3YEARS,NOW+1DAY',
            'projection.dt.interval': '1',
            'projection.dt.interval.unit': 'DAYS',
          }
        : {}),
      'storage.location.template': `s3://${bucket}/${keys.map((key) => `${key}=\${${key}}/`).join('')}`,
    },
    PartitionKeys: keys.map((key) => ({
      Name: key,
      Type: 'string',
      Comment: description(key) ?? 'The UTC day on which it arrived.',
    })),
    StorageDescriptor: {
      // A partition key must not be a data column too: Athena answers HIVE_INVALID_METADATA.
      Columns: columns
        .filter(({ name }) => !keys.includes(name))
        .map(({ name, glue, description: Comment }) => ({ Name: name, Type: glue, Comment })),
      Location: `s3://${bucket}/`,
      ...formats[settings.format],
    },
  };
}
