import { afterAll } from '@jest/globals';
import { parseQuery } from '../src/firehose/config/query.js';
import { compileFilter, createJqPool } from '../src/firehose/jq/index.js';
import { compilePaths, type QueryResult } from '../src/firehose/jq/jq-path.js';

/** Runs the queries of a test file that are more than plain paths, in threads. */
export const jq = createJqPool();
afterAll(() => jq.close());

/** Runs a query on texts of JSON. */
export async function runQuery(query: string, texts: readonly string[]): Promise<QueryResult[]> {
  const { paths } = parseQuery(query);
  if (paths) return texts.map((text) => compilePaths(paths)(JSON.parse(text)));
  return await (await compileFilter(jq, query)).run(texts.map((text) => Buffer.from(text)));
}
