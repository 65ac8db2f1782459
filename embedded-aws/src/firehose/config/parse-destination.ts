import type { ExtendedS3Destination } from './destination-shape.js';
import { type Prefix, parsePrefix } from './prefix.js';
import { parameterOf, processorOf } from './processors.js';
import { type ParsedQuery, parseQuery } from './query.js';

/**
 * A destination with its expressions parsed, once: the rules of the API look at it, and the delivery configuration is
 * made of it.
 */
export interface ParsedDestination {
  /** As it was sent. */
  destination: ExtendedS3Destination;
  /** Of `!{timestamp:…}`; UTC where there is none, or none that is known. */
  zone: string;
  /** As written: without the hour that Firehose appends where there are no expressions. */
  prefix: Prefix;
  errorPrefix: Prefix;
  /** Nothing where it is malformed. */
  backupPrefix: Prefix | undefined;
  dynamicPartitioning: boolean;
  query?: ParsedQuery;
}

/** @throws PrefixError, PrefixNotSupported */
export function parseDestination(destination: ExtendedS3Destination): ParsedDestination {
  const zone = zoneOf(destination.CustomTimeZone);
  const query = parameterOf(processorOf(destination, 'MetadataExtraction'), 'MetadataExtractionQuery');
  return {
    destination,
    zone,
    prefix: parsePrefix(destination.Prefix ?? '', zone),
    errorPrefix: parsePrefix(destination.ErrorOutputPrefix ?? '', zone),
    backupPrefix: wellFormed(destination.S3BackupConfiguration?.Prefix ?? ''),
    dynamicPartitioning: destination.DynamicPartitioningConfiguration?.Enabled === true,
    ...(query === undefined ? {} : { query: parseQuery(query) }),
  };
}

function zoneOf(name = 'UTC'): string {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return name;
  } catch {
    return 'UTC';
  }
}

function wellFormed(source: string): Prefix | undefined {
  try {
    return parsePrefix(source);
  } catch {
    return undefined;
  }
}
