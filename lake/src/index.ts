export type {
  AuditableLake,
  AuditOptions,
  AuditReport,
  DamagedObject,
  EventFilter,
  Lake,
  LakeWarnings,
  Looked,
  PartitionSummary,
  PassedOver,
  QueryColumn,
  QueryEngine,
  QueryHead,
  QueryOptions,
  QueryResult,
  StreamReport,
} from './lake.js';
export { type OpenLakeOptions, openLake } from './open-lake.js';
export type { QueryErrorCode } from './query-error.js';
