import { isUtf8 } from 'node:buffer';
import {
  ledgerPage,
  ledgerRowSchema,
  quarantinedEventSchema,
  quarantinePage,
  storedEventSchema,
} from '@millrace/sdk/schema';
import { hashOf } from './hash.js';

/** What a line of the spool is. */
export interface StoredLine {
  /** Of its visitor; 0 where it has none. */
  hash: number;
  /** 0 for a row of the ledger. */
  events: 0 | 1;
}

const schemaOf = (page: unknown) =>
  page === ledgerPage ? ledgerRowSchema : page === quarantinePage ? quarantinedEventSchema : storedEventSchema;

/**
 * Reads a line, without its newline; undefined for one that is not as the server wrote it.
 * @param isProved a checksum says that the bytes are as they were: then any JSON object will do
 */
export function readStoredLine(line: Buffer, isProved: boolean): StoredLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString());
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { page, visitor_id: visitor } = value as Record<string, unknown>;
  if (!isProved && !(isUtf8(line) && schemaOf(page).safeParse(value).success)) return undefined;
  return { hash: typeof visitor === 'string' ? hashOf(visitor) : 0, events: page === ledgerPage ? 0 : 1 };
}
