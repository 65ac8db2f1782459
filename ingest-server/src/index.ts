export { type AppOptions, buildApp } from './app.js';
export { type Config, loadConfig } from './config.js';
export { type Origins, parseOrigins } from './core/admission/origins.js';
export type { HashRange } from './core/delivery/hash-ranges.js';
export { type PackedRecord, type RecordFailure, type Sink, SinkError } from './core/delivery/sink.js';
export type { IngestObserver } from './observer.js';
export { type RunningServer, startIngestServer } from './server.js';
export { settingsManual } from './settings.js';
export { createKinesisSink } from './sinks/kinesis.js';
