export { objectCheck } from './s3/look-at-object.js';
