import { AwsError } from '../json-service/aws-error.js';
import { checkTypes, type Rule, type Rules } from './check-types.js';
import { checkValues } from './check-values.js';

export type { Rules } from './check-types.js';

/** An operation's members, not yet checked. */
export type Input = Record<string, unknown>;

/** A name that may be absent. */
export const optionalName: Rule = {
  type: 'String',
  regex: '[a-zA-Z0-9_.-]+',
  lengthGreaterThanOrEqual: 1,
  lengthLessThanOrEqual: 128,
};
/** A name that must be there: of a stream or a shard. */
export const requiredName: Rule = { ...optionalName, notNull: true };
/** A retention period, in hours. */
export const retentionHours: Rule = { type: 'Integer', notNull: true, greaterThanOrEqual: 1, lessThanOrEqual: 8760 };
/** A whole number from 1. */
export const count = (max: number): Rule => ({ type: 'Integer', greaterThanOrEqual: 1, lessThanOrEqual: max });
/** One of these texts. */
export const oneOf = (...values: string[]): Rule => ({ type: 'String', notNull: true, enum: values });
/** A sequence number as AWS takes it. */
export const sequenceNumberRule: Rule = { type: 'String', regex: '0|([1-9]\\d{0,128})' };
/** A hash key. */
export const hashKeyRule: Rule = { type: 'String', regex: '0|([1-9]\\d{0,38})' };

/**
 * The members that the operation knows, checked.
 * @throws AwsError SerializationException or ValidationException, with AWS's words.
 */
export function validated(rules: Rules, input: Input): Input {
  const known = checkTypes(input, rules);
  checkValues(known, rules);
  return known;
}

/**
 * Today's clients may name a stream by its ARN alone.
 * @throws AwsError InvalidArgumentException when it is not an ARN, or another stream's.
 */
export function withStreamName(input: Input): Input {
  const arn = input.StreamARN;
  if (typeof arn !== 'string') return input;
  const name = /^arn:aws[\w-]*:kinesis:[\w-]*:\d{12}:stream\/([\w.-]{1,128})$/.exec(arn)?.[1];
  if (!name) throw new AwsError('InvalidArgumentException', `StreamARN ${arn} is not the ARN of a stream.`);
  if (input.StreamName !== undefined && input.StreamName !== null && input.StreamName !== name)
    throw new AwsError(
      'InvalidArgumentException',
      `StreamName ${String(input.StreamName)} and StreamARN ${arn} are different streams.`,
    );
  return { ...input, StreamName: name };
}
