import { z } from 'zod';

/**
 * What the catalogue keeps of a table, as Glue's TableInput has it.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
 */
const name = z.string().min(1).max(255);
const texts = z.record(z.string(), z.string());

const column = z.strictObject({
  Name: name,
  Type: z.string().max(131_072).optional(),
  Comment: z.string().max(255).optional(),
  Parameters: texts.optional(),
});

const storageDescriptor = z.strictObject({
  Columns: z.array(column).optional(),
  Location: z.string().max(2056).optional(),
  AdditionalLocations: z.array(z.string()).optional(),
  InputFormat: z.string().max(128).optional(),
  OutputFormat: z.string().max(128).optional(),
  Compressed: z.boolean().optional(),
  NumberOfBuckets: z.int().optional(),
  SerdeInfo: z
    .strictObject({
      Name: name.optional(),
      SerializationLibrary: z.string().optional(),
      Parameters: texts.optional(),
    })
    .optional(),
  BucketColumns: z.array(z.string()).optional(),
  SortColumns: z.array(z.strictObject({ Column: name, SortOrder: z.int().min(0).max(1) })).optional(),
  Parameters: texts.optional(),
  StoredAsSubDirectories: z.boolean().optional(),
});

/** The shape of `TableInput`. */
export const tableInput = z.strictObject({
  Name: name,
  Description: z.string().max(2048).optional(),
  Owner: z.string().max(255).optional(),
  Retention: z.int().min(0).optional(),
  StorageDescriptor: storageDescriptor.optional(),
  PartitionKeys: z.array(column).optional(),
  ViewOriginalText: z.string().optional(),
  ViewExpandedText: z.string().optional(),
  TableType: z.string().max(255).optional(),
  Parameters: texts.optional(),
});

/** The shape of `DatabaseInput`. */
export const databaseInput = z.strictObject({
  Name: name,
  Description: z.string().max(2048).optional(),
  LocationUri: z.string().max(1024).optional(),
  Parameters: texts.optional(),
});

/** A table as it was sent. */
export type TableInput = z.output<typeof tableInput>;
/** A database as it was sent. */
export type DatabaseInput = z.output<typeof databaseInput>;
