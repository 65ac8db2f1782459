import { compileFilter, type Filter } from '../jq/filter.js';

import { compilePaths, type PathQuery, type Paths, parsePaths } from '../jq/jq-path.js';
import type { JqPool } from '../jq/run/pool.js';
import { writtenKeys } from '../jq/written-keys.js';

/** A MetadataExtractionQuery, read but not compiled. */
export interface ParsedQuery {
  text: string;
  /** Where it is an object of plain paths. */
  paths?: Paths | undefined;
  /** The keys that it makes; nothing when only running it would tell. */
  keys?: string[] | undefined;
}

/** Where partition keys come from: paths compiled to JavaScript, or jq itself. */
export type Query = { kind: 'paths'; run: PathQuery } | { kind: 'filter'; filter: Filter };

/** Reads a query without running jq. */
export function parseQuery(text: string): ParsedQuery {
  const paths = parsePaths(text);
  return { text, paths, keys: paths ? [...paths.keys()] : writtenKeys(text) };
}

/** @throws FilterError */
export async function compileQuery({ text, paths }: ParsedQuery, jq: JqPool): Promise<Query> {
  if (paths) return { kind: 'paths', run: compilePaths(paths) };
  return { kind: 'filter', filter: await compileFilter(jq, text) };
}

/** Whether the query gives a record the same keys each time that it runs. */
export const isRepeatable = ({ text }: ParsedQuery): boolean => !/\b(now|local\w*|strflocaltime|env|ENV)\b/.test(text);
