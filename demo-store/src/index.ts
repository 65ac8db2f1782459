export * from './items/index.js';
export * from './live-feed.js';
export { frontPage, storeCatalogue } from './store-catalogue.js';
