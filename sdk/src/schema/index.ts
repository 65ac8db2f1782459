export * from './catalogue.js';
export * from './columns.js';
export * from './errors.js';
export * from './event.js';
export { measureEvent } from './fits.js';
export * from './json-schema.js';
export * from './limits.js';
export { depthOf, type JsonValue } from './properties.js';
export * from './slug.js';
