export { type AppOptions, buildApp } from './app.js';
export { type Config, loadConfig, settingsManual } from './config.js';
export { type Origins, parseOrigins } from './core/admission/origins.js';
export type { IngestObserver } from './observer.js';
export { type RunningServer, startIngestServer } from './server.js';
