import { describe, expect, test } from '@jest/globals';
import { compileTimePattern } from '../src/firehose/config/java-time-format.js';
import {
  evaluatePrefix,
  parsePrefix,
  randomString,
  suggestPrefix,
  withDefaultTime,
} from '../src/firehose/config/prefix.js';

const arrivalMs = Date.UTC(2026, 6, 3, 4, 5, 6, 789);
const evaluate = (source: string, keys: Record<string, string> = {}, errorType?: string) =>
  evaluatePrefix(withDefaultTime(parsePrefix(source)), {
    key: (name) => keys[name]!,
    arrivalMs,
    ...(errorType ? { errorType } : {}),
    random: randomString,
  });

describe('prefix expressions', () => {
  test.each([
    ['page=!{partitionKeyFromQuery:page}/event=!{partitionKeyFromQuery:event}/', 'page=books/event=liked_item/'],
    ['errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/', 'errors/some-error/2026/07/03/04/'],
    ["!{timestamp:'dt='yyyy-MM-dd'T'HH:mm:ss}/", 'dt=2026-07-03T04:05:06/'],
    ["!{timestamp:yy.M.d.H.m.s''}", "26.7.3.4.5.6'"],
    ['!{timestamp:yyyy}/!{timestamp:MM}/', '2026/07/'],
    ['$!{partitionKeyFromQuery:page}!', '$books!'],
  ])('%s', (source, evaluated) => {
    expect(evaluate(source, { page: 'books', event: 'liked_item' }, 'some-error')).toBe(evaluated);
  });

  test('without any expression the hour is appended, with no slash before it', () => {
    expect(evaluate('legacy')).toBe('legacy2026/07/03/04/');
    expect(evaluate('')).toBe('2026/07/03/04/');
    expect(evaluate('a/!{firehose:random-string}')).toMatch(/^a\/[A-Za-z0-9]{11}$/);
  });

  test('each random string is another', () => {
    const [first, second] = evaluate('!{firehose:random-string}/!{firehose:random-string}').split('/');
    expect(first).not.toBe(second);
  });

  test.each([
    ['a!{b', 'Invalid expression usage'],
    ['a!{timestamp}', 'Invalid expression usage'],
    ['!{timestamp:}', 'Invalid expression usage'],
    ['!{partitionkeyFromQuery: page}', 'Namespace to the left of colon (partitionkeyFromQuery) is an invalid keyword!'],
    ['!{ timestamp:yyyy}', 'Namespace to the left of colon ( timestamp) is an invalid keyword!'],
    ['!{timestamp:yyyy-MM-ddTHH}', 'Invalid conversion character used in the value of the expression in Prefix'],
    ["!{timestamp:'yyyy}", 'Invalid conversion character used in the value of the expression in Prefix'],
  ])('%s is refused: %s', (source, message) => expect(() => parsePrefix(source)).toThrow(message));

  test('letters that Firehose takes and this does not are named', () => {
    expect(() => parsePrefix('!{timestamp:w}')).toThrow('!{timestamp:w} uses "w"');
    expect(() => parsePrefix('!{timestamp:SSS}')).toThrow('uses "SSS"');
  });

  test('the prefix of the walkthrough has the right one suggested', () => {
    expect(suggestPrefix('page= !{partitionkeyFromQuery: page}/event= !{partitionkeyFromQuery: event}/')).toBe(
      'page=!{partitionKeyFromQuery:page}/event=!{partitionKeyFromQuery:event}/',
    );
    expect(suggestPrefix('page=!{partitionKeyFromQuery:page}/!{timestamp:yyyy MM}/')).toBeUndefined();
  });

  test('a new second gives a new text', () => {
    const format = compileTimePattern('ss');
    expect([0, 999, 1000, 0, 59_000].map(format)).toEqual(['00', '00', '01', '00', '59']);
  });
});
