export { openSelectLake, type SelectLakeOptions } from './lake.js';
export { isAggregate, SelectError, type SelectSummary, selectEach } from './select.js';
