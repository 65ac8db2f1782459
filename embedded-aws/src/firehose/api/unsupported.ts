import { conversionOf } from '../config/conversion.js';
import type { ExtendedS3Destination } from '../config/destination-shape.js';

/** What conversion does not support. */
function* unsupportedConversion({
  InputFormatConfiguration: input,
  OutputFormatConfiguration: output,
}: NonNullable<ReturnType<typeof conversionOf>>): Generator<string> {
  const { OrcSerDe, ParquetSerDe = {} } = output?.Serializer ?? {};
  if (OrcSerDe) yield 'OrcSerDe (ParquetSerDe is)';
  for (const [option, value] of Object.entries(ParquetSerDe))
    if (option !== 'Compression' && value !== undefined) yield `${option} of ParquetSerDe (Compression is)`;
  if (input?.Deserializer?.HiveJsonSerDe?.TimestampFormats) yield 'TimestampFormats of HiveJsonSerDe';
}

/** The supported parameters of each supported processor. */
const supported: Record<string, string[]> = {
  Lambda: ['LambdaArn', 'NumberOfRetries', 'RoleArn', 'BufferSizeInMBs', 'BufferIntervalInSeconds'],
  RecordDeAggregation: ['SubRecordType', 'Delimiter'],
  MetadataExtraction: ['MetadataExtractionQuery', 'JsonParsingEngine'],
  AppendDelimiterToRecord: ['Delimiter'],
};

/**
 * What Firehose takes and the embedded one does not support. It is refused at creation, so that no setting is ignored
 * in silence.
 */
export function* unsupportedParts(destination: ExtendedS3Destination): Generator<string> {
  if (destination.EncryptionConfiguration?.KMSEncryptionConfig !== undefined) yield 'KMSEncryptionConfig';
  if (destination.S3BackupConfiguration?.EncryptionConfiguration?.KMSEncryptionConfig !== undefined)
    yield 'KMSEncryptionConfig of the backup';
  const conversion = conversionOf(destination);
  if (conversion) yield* unsupportedConversion(conversion);
  if (!destination.ProcessingConfiguration?.Enabled) return;
  for (const { Type, Parameters } of destination.ProcessingConfiguration.Processors ?? []) {
    if (!supported[Type]) {
      yield `processor ${Type} (${Object.keys(supported).join(', ')} are)`;
      continue;
    }
    for (const { ParameterName } of Parameters ?? []) {
      if (!supported[Type].includes(ParameterName)) yield `parameter ${ParameterName} of ${Type}`;
    }
  }
}
