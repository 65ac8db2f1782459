import type { ParsedDestination } from '../../config/parse-destination.js';
import type { Prefix } from '../../config/prefix.js';
import type { CreateRequest } from '../request-model.js';

/** A request with its destination parsed. */
export interface Candidate extends ParsedDestination {
  request: CreateRequest;
}

/** One thing that Firehose refuses, and its message. */
export interface Rule {
  rule: string;
  message: string;
  broken: (candidate: Candidate) => boolean;
}

/** Whether the prefix has `!{firehose:error-output-type}`. */
export const holdsErrorType = (prefix: Prefix): boolean => prefix.some(({ kind }) => kind === 'errorType');
/** Whether the prefix has partition keys. */
export const holdsKeys = (prefix: Prefix): boolean => prefix.some(({ kind }) => kind === 'key');
