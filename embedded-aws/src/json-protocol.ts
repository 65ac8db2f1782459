/**
 * The AWS JSON 1.1 protocol, for a stub of your own: the operation is in `x-amz-target`, an error's name in `__type`.
 */
export { AwsError } from './json-service/aws-error.js';
export { parseJsonBody, readBody, targetOf } from './json-service/read-request.js';
export { sendAwsError, sendJson } from './json-service/send-answer.js';
