export * from './lake.js';
