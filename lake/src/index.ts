export type { AuditableLake, AuditOptions, AuditReport, Doubt, StreamReport } from './audit-report.js';
export type {
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
} from './lake.js';
export type { CheckedObject, ObjectCheck } from './object-check.js';
export { type OpenLakeOptions, openLake } from './open-lake.js';
export type { QueryErrorCode } from './query-error.js';
