export * from './items/index.js';
export * from './live-feed.js';
export type { StoreOptions } from './options.js';
export { type RunningStore, startStore } from './start-store.js';
export { buildStore } from './store.js';
export { frontPage, storeCatalogue } from './store-catalogue.js';
