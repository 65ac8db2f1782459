import { isBase64 } from '../base64.js';
import { AwsError } from '../json-service/aws-error.js';

/** What a member must be. The checks of its value run in the order in which they stand. */
export interface Rule {
  type: 'String' | 'Integer' | 'Timestamp' | 'Blob' | 'List' | 'Map' | 'Structure';
  notNull?: boolean;
  regex?: string;
  greaterThanOrEqual?: number;
  lessThanOrEqual?: number;
  lengthGreaterThanOrEqual?: number;
  lengthLessThanOrEqual?: number;
  enum?: readonly string[];
  /** The least and the largest length of a list's members, of a map's keys or of its values. */
  childLengths?: readonly [number, number];
  childKeyLengths?: readonly [number, number];
  childValueLengths?: readonly [number, number];
  /** How a member of a list is written in a message. */
  memberStr?: string;
  /** Of a list and a map: the rule of a member. Of a structure: its members' rules. */
  children?: Rule | Rules;
}

/** The rules of a structure's members. */
export type Rules = Readonly<Record<string, Rule>>;

/** The members of a structure, checked or not. */
export type Members = Record<string, unknown>;

const mistyped = (message: string) => new AwsError('SerializationException', message);

const nameOfTarget = {
  String: 'an String',
  Integer: 'an Integer',
  Timestamp: 'milliseconds since epoch',
  Blob: 'a Blob',
};

const javaClass = {
  boolean: 'java.lang.Boolean',
  number: 'com.amazon.coral.value.json.numbers.TruncatingBigNumber',
  string: 'java.lang.String',
} as const;

const jsonType = {
  String: 'string',
  Blob: 'string',
  Integer: 'number',
  Timestamp: 'number',
  List: 'array',
  Map: 'object',
  Structure: 'object',
} as const;

const expected = { List: 'Expected list or null', Map: 'Expected map or null', Structure: 'Expected null' };

function refuse(rule: Rule, found: string): AwsError {
  if (found === 'array') return mistyped('Start of list found where not expected');
  if (found === 'object') return mistyped('Start of structure or map found where not expected.');
  if (rule.type === 'List' || rule.type === 'Map' || rule.type === 'Structure') return mistyped(expected[rule.type]);
  return mistyped(
    `class ${javaClass[found as keyof typeof javaClass]} can not be converted to ${nameOfTarget[rule.type]}`,
  );
}

function checkBlob(text: string): void {
  const begin = `'${text}' can not be converted to a Blob: `;
  if (text.length % 4 !== 0)
    throw mistyped(`${begin}Base64 encoded length is expected a multiple of 4 bytes but found: ${text.length}`);
  const wrong = /[^a-zA-Z0-9+/=]|=[^=]/.exec(text);
  if (wrong !== null) throw mistyped(`${begin}Invalid Base64 character: '${wrong[0][0]}'`);
  if (!isBase64(text) || Buffer.from(text, 'base64').toString('base64') !== text)
    throw mistyped(`${begin}Invalid last non-pad Base64 character dectected`);
}

function checkType(value: unknown, rule: Rule): unknown {
  if (value === null || value === undefined) return undefined;
  const found = Array.isArray(value) ? 'array' : typeof value;
  if (found !== jsonType[rule.type]) throw refuse(rule, found);
  switch (rule.type) {
    case 'Integer':
      return Math.min(Math.floor(value as number), 2_147_483_647);
    case 'Blob':
      checkBlob(value as string);
      return value;
    case 'List':
      return (value as unknown[]).map((member) => checkType(member, rule.children as Rule));
    case 'Map':
      return Object.fromEntries(
        Object.entries(value as Members).map(([key, member]) => [key, checkType(member, rule.children as Rule)]),
      );
    case 'Structure':
      return checkTypes(value as Members, rule.children as Rules);
    default:
      return value;
  }
}

/**
 * The members that the rules know, in their order; those that are null are left out.
 * @throws AwsError SerializationException, in AWS's words
 */
export function checkTypes(members: Members, rules: Rules): Members {
  const known: Members = {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = Object.hasOwn(members, name) ? checkType(members[name], rule) : undefined;
    if (value !== undefined) known[name] = value;
  }
  return known;
}
