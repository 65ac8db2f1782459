/**
 * jq filters as Data Firehose runs them (jq 1.8 made like 1.6), in threads of their own, with the bounds that the
 * embedded Data Firehose has for each record.
 */
export { compileFilter, type Filter } from './filter.js';
export { FilterError } from './jq-program.js';
export { createJqPool, type JqPool } from './run/pool.js';
