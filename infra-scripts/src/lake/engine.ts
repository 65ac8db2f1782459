import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { LakeListing } from './objects.js';
import { textList } from './sql-text.js';
import { viewStatements } from './views.js';

/** What one query may take of the machine. */
export interface EngineLimits {
  /** MB that DuckDB may hold; past that it uses the disk. */
  memoryMb: number;
  /** MB of temporary files. */
  temporaryMb: number;
  threads: number;
}

export const defaultLimits: EngineLimits = { memoryMb: 1_024, temporaryMb: 10_240, threads: 2 };

export interface Engine {
  readonly connection: DuckDBConnection;
  close(): void;
}

/**
 * A DuckDB of its own for one piece of work, with the lake's views, that can reach nothing but the lake's folder: no other file, no
 * network, no extension, and no setting can be changed any more. It keeps nothing from one query to the next.
 */
export async function openEngine(
  listing: LakeListing,
  damaged: ReadonlySet<string>,
  limits: EngineLimits,
): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(limits.threads),
    memory_limit: `${limits.memoryMb}MB`,
    // Made by DuckDB when it is needed, and removed when the instance is closed.
    temp_directory: join(tmpdir(), `millrace-query-${randomUUID()}`),
    max_temp_directory_size: `${limits.temporaryMb}MB`,
    // Keeping the order of rows that nobody ordered holds a buffer per object: 20,000 small ones took all of the memory.
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    for (const statement of [
      "SET TimeZone = 'UTC'",
      // DuckDB looks where a symbolic link leads before it allows a file.
      ...(listing.root === undefined ? [] : [`SET allowed_directories = ${textList([listing.root])}`]),
      ...viewStatements(listing.root, listing.delivered, listing.errors, damaged),
      'SET enable_external_access = false',
      'SET lock_configuration = true',
    ]) {
      await connection.run(statement);
    }
    return { connection, close };
  } catch (error) {
    close();
    throw error;
  }
}
