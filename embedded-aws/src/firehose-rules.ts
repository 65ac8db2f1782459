/** Data Firehose's rules for a delivery stream's configuration, without a server: the rules and messages are AWS's. */
export { parseRequest } from './firehose/api/request-model.js';
export { validateCreation } from './firehose/api/validation.js';
export type { ExtendedS3Destination } from './firehose/config/destination-shape.js';
