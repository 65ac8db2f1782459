import type { DuckDBConnection } from '@duckdb/node-api';
import { textList } from './sql-text.js';

/** A DuckDB of its own for one piece of work, in memory, that keeps nothing from one to the next. */
export interface Sandbox {
  readonly connection: DuckDBConnection;
  close(): void;
}

/** What a DuckDB may reach and use. */
export interface SandboxOptions {
  /**
   * The one folder whose files it may read and write; none without it. DuckDB looks where a symbolic link leads before
   * it allows a file.
   */
  folder: string | undefined;
  /** A second folder that it may read. */
  copies?: string | undefined;
  threads: number;
  /** MB that it may hold; past that it uses the disk. */
  memoryMb: number;
  /** Made by DuckDB when it is needed, and removed when the sandbox is closed. */
  temporaryFolder: string;
  /** MB of temporary files; DuckDB's own bound without it. */
  temporaryMb?: number;
  /** Rows that nobody ordered come in the order of their files; that holds a buffer per file. */
  keepOrder: boolean;
  /** Statements of ours, run before the door is shut. */
  prepare?: readonly string[];
}

/**
 * Opens a DuckDB that can reach nothing but the folder: no other file, no network, no extension, and no setting can be
 * changed any more by what is run in it.
 * @throws what a statement of `prepare` throws
 */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  // Loaded at the first use: who asks DuckDB nothing need not have it installed (an optional peer dependency).
  // `default`, because bundlers hand over no names of a CommonJS package that is imported late.
  const { DuckDBInstance } = (await import('@duckdb/node-api')).default;
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads),
    memory_limit: `${options.memoryMb}MB`,
    temp_directory: options.temporaryFolder,
    ...(options.temporaryMb === undefined ? {} : { max_temp_directory_size: `${options.temporaryMb}MB` }),
    preserve_insertion_order: String(options.keepOrder),
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
      ...(options.folder === undefined
        ? []
        : [`SET allowed_directories = ${textList([options.folder, ...(options.copies ? [options.copies] : [])])}`]),
      ...(options.prepare ?? []),
      'SET enable_external_access = false',
      'SET lock_configuration = true',
    ])
      await connection.run(statement);
    return { connection, close };
  } catch (error) {
    close();
    throw error;
  }
}
