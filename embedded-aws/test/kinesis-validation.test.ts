import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Rules } from '../src/kinesis/check-types.js';
import { tagsRule } from '../src/kinesis/tags.js';
import { count, hashKeyRule, oneOf, requiredName, validated } from '../src/kinesis/validation.js';

const rules: Rules = {
  Records: {
    type: 'List',
    notNull: true,
    lengthLessThanOrEqual: 2,
    memberStr: 'Entry@1',
    children: {
      type: 'Structure',
      children: {
        Key: { type: 'String', notNull: true, lengthLessThanOrEqual: 3 },
        HashKey: hashKeyRule,
        Data: { type: 'Blob', lengthLessThanOrEqual: 4 },
      },
    },
  },
  Name: requiredName,
  Limit: count(10),
  Mode: { ...oneOf('A', 'B'), notNull: false },
  Tags: tagsRule,
  At: { type: 'Timestamp' },
};
const good = {
  Records: [{ Key: 'k', HashKey: '12', Data: 'YQ==' }],
  Name: 'n',
  Limit: 3,
  Mode: 'A',
  Tags: { a: 'b' },
  At: 1.5,
};

const answer = (input: object): string => {
  try {
    validated(rules, input as Record<string, unknown>);
    return 'taken';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};
const constraint = (at: string, value: string, what: string) =>
  `Value ${value} at '${at}' failed to satisfy constraint: ${what}`;

describe('the members of a request', () => {
  test('are given back without those that are unknown or null', () => {
    expect(validated(rules, { ...good, Unknown: 1, Mode: null })).toEqual({ ...good, Mode: undefined });
  });

  test.each([
    [{ Name: 5 }, 'class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String'],
    [{ Name: true }, 'class java.lang.Boolean can not be converted to an String'],
    [{ Limit: '5' }, 'class java.lang.String can not be converted to an Integer'],
    [{ At: 'now' }, 'class java.lang.String can not be converted to milliseconds since epoch'],
    [{ Name: [] }, 'Start of list found where not expected'],
    [{ Records: {} }, 'Start of structure or map found where not expected.'],
    [{ Records: 5 }, 'Expected list or null'],
    [{ Tags: 'a' }, 'Expected map or null'],
    [{ Records: ['a'] }, 'Expected null'],
    [{ Records: [{ Key: 'k', Data: 'abc' }] }, /Base64 encoded length is expected a multiple of 4 bytes but found: 3/],
    [{ Records: [{ Key: 'k', Data: 'ab-_' }] }, /Invalid Base64 character: '-'/],
    [{ Records: [{ Key: 'k', Data: 'YR==' }] }, /Invalid last non-pad Base64 character/],
  ])('of a wrong type are refused as AWS refuses them: %j', (wrong, message) => {
    const found = answer({ ...good, ...wrong });
    if (typeof message === 'string') expect(found).toBe(`SerializationException: ${message}`);
    else expect(found).toMatch(message);
  });

  test.each([
    [{ Name: undefined }, constraint('name', 'null', 'Member must not be null')],
    [{ Name: 'a b' }, constraint('name', "'a b'", 'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+')],
    [{ Limit: 0 }, constraint('limit', "'0'", 'Member must have value greater than or equal to 1')],
    [{ Limit: 1e12 }, constraint('limit', "'2147483647'", 'Member must have value less than or equal to 10')],
    [{ Mode: 'C' }, constraint('mode', "'C'", 'Member must satisfy enum value set: [A, B]')],
    [
      { Records: Array(3).fill({ Key: 'k' }) },
      constraint('records', "'[Entry@1, Entry@1, Entry@1]'", 'Member must have length less than or equal to 2'),
    ],
    [
      { Records: [{ Key: 'k' }, { Key: 'long' }] },
      constraint('records.2.member.key', "'long'", 'Member must have length less than or equal to 3'),
    ],
    // The whole text, not only one end of it.
    [
      { Records: [{ Key: 'k', HashKey: '012' }] },
      constraint(
        'records.1.member.hashKey',
        "'012'",
        String.raw`Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})`,
      ),
    ],
    [
      { Records: [{ Key: 'k', Data: 'YWFhYWE=' }] },
      constraint(
        'records.1.member.data',
        "'java.nio.HeapByteBuffer[pos=0 lim=5 cap=5]'",
        'Member must have length less than or equal to 4',
      ),
    ],
    [{ Tags: { a: null } }, constraint('tags.a.member', 'null', 'Member must not be null')],
    [
      { Tags: { '': 'b' } },
      constraint(
        'tags',
        "'{=b}'",
        'Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]',
      ),
    ],
  ])('out of bounds are refused as AWS refuses them: %j', (wrong, message) => {
    expect(answer({ ...good, ...wrong })).toBe(`ValidationException: 1 validation error detected: ${message}`);
  });

  test('are refused for ten reasons at most, all in one answer', () => {
    const Records = Array.from({ length: 12 }, () => ({ Key: 'long' }));
    expect(answer({ Records })).toMatch(
      /^ValidationException: 10 validation errors detected: (Value [^;]*; ){9}Value [^;]*$/,
    );
  });

  test('of any JSON at all are taken or refused by name', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(rules), 'Other'), fc.jsonValue()), (input) => {
        expect(answer(input)).toMatch(/^(taken$|SerializationException: |ValidationException: )/);
      }),
    );
  });
});
