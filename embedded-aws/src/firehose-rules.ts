/** What Data Firehose refuses of a delivery stream's configuration, without a server: the rules and messages are AWS's. */
export { type ExtendedS3Destination, parseRequest } from './firehose/request-model.js';
export { validateCreation } from './firehose/validation.js';
