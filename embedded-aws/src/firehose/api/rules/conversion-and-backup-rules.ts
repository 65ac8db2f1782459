import { conversionOf } from '../../config/conversion.js';
import { type Candidate, holdsErrorType, holdsKeys, type Rule } from './rule.js';

const converts = (destination: Candidate['destination']) => conversionOf(destination) !== undefined;

const chosen = (choice: object) => Object.values(choice).filter((one) => one !== undefined).length;

/** Format conversion, and the backup of source records. */
export const conversionAndBackupRules: Rule[] = [
  {
    rule: 'conversion writes its own compression',
    message:
      "The S3 destination's compression format must be set to UNCOMPRESSED when data format conversion is enabled.",
    broken: ({ destination }) =>
      converts(destination) && (destination.CompressionFormat ?? 'UNCOMPRESSED') !== 'UNCOMPRESSED',
  },
  {
    rule: 'conversion buffers 64 MiB at least',
    message: 'BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.',
    broken: ({ destination }) => converts(destination) && (destination.BufferingHints?.SizeInMBs ?? 128) < 64,
  },
  {
    rule: 'conversion has a table, a deserializer and a serializer',
    message:
      'DataFormatConversionConfiguration must have SchemaConfiguration with RoleARN, DatabaseName and TableName, one Deserializer and one Serializer when it is enabled.', // ours
    broken: ({ destination }) => {
      const conversion = conversionOf(destination);
      if (!conversion) return false;
      const { RoleARN, DatabaseName, TableName } = conversion.SchemaConfiguration ?? {};
      const { Deserializer = {} } = conversion.InputFormatConfiguration ?? {};
      const { Serializer = {} } = conversion.OutputFormatConfiguration ?? {};
      return !(RoleARN && DatabaseName && TableName) || [Deserializer, Serializer].some((one) => chosen(one) !== 1);
    },
  },
  {
    rule: 'no expressions but those of time in the prefix of a backup',
    message: 'The Prefix of S3BackupConfiguration can hold text, !{timestamp:…} and !{firehose:random-string} only.', // ours
    broken: ({ backupPrefix: prefix }) => !prefix || holdsKeys(prefix) || holdsErrorType(prefix),
  },
  {
    rule: 'a backup needs a place',
    message: 'S3 backup destination configuration is required when enabling S3 backup.',
    broken: ({ destination }) =>
      destination.S3BackupMode === 'Enabled' && destination.S3BackupConfiguration === undefined,
  },
];
