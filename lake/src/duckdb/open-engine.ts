import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox, type Sandbox } from '@millrace/kit/duckdb-sandbox';
import { type Readable, viewStatements } from './views.js';

/** What one query may take of the machine. */
export interface EngineLimits {
  /** MB of memory; past that DuckDB uses the disk. */
  memoryMb: number;
  /** MB of temporary files. */
  temporaryMb: number;
  threads: number;
}

/** The limits of `openLake`. */
export const defaultLimits: EngineLimits = { memoryMb: 1_024, temporaryMb: 10_240, threads: 2 };

/**
 * A DuckDB with the lake's views, which reaches nothing but the lake's folder. `stored`: the folder of links and
 * copies.
 */
export function openEngine(readable: Readable, stored: string | undefined, limits: EngineLimits): Promise<Sandbox> {
  return openSandbox({
    folder: readable.root,
    copies: stored,
    threads: limits.threads,
    memoryMb: limits.memoryMb,
    temporaryFolder: join(tmpdir(), `millrace-query-${randomUUID()}`),
    temporaryMb: limits.temporaryMb,
    // Keeping the order of 20,000 small objects used all of the memory.
    keepOrder: false,
    prepare: viewStatements(readable),
  });
}
