import validations from 'kinesalite/validations/index.js';
import { AwsError } from '../json-service/aws-error.js';
import { asAwsError } from './store.js';

/** An operation's members, not yet checked. */
export type Input = Record<string, unknown>;

/** Which members an operation takes, of which type and size, in kinesalite's notation. */
export interface Rules {
  types: Record<string, Record<string, unknown>>;
  custom?: unknown;
}

const nameRule = { type: 'String', regex: '[a-zA-Z0-9_.-]+', lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 128 };
/** A stream name that must be there. */
export const streamName = { ...nameRule, notNull: true };
/** A name that may be absent. */
export const optionalName = nameRule;
/** A retention period, in hours. */
export const retentionHours = { type: 'Integer', notNull: true, greaterThanOrEqual: 1, lessThanOrEqual: 8760 };
/** A whole number from 1. */
export const count = (max: number) => ({ type: 'Integer', greaterThanOrEqual: 1, lessThanOrEqual: max });
/** The rule for a member that may be absent. */
export const optional = ({ notNull: _, ...rule }: Record<string, unknown>) => rule;
/** One of these texts. */
export const oneOf = (...values: string[]) => ({ type: 'String', notNull: true, enum: values });

/**
 * The members that the operation knows, checked.
 * @throws AwsError SerializationException or ValidationException, with AWS's words.
 */
export function validated(rules: Rules, input: Input): Input {
  try {
    // checkTypes removes unknown members from what it is given.
    const known = validations.checkTypes({ ...input }, rules.types);
    validations.checkValidations(known, rules.types, rules.custom);
    return known;
  } catch (error) {
    throw asAwsError(error);
  }
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
