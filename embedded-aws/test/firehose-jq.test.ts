import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { needs } from '@millrace/testing/needs';
import fc from 'fast-check';
import { compileFilter } from '../src/firehose/jq/index.js';
import { numbersOf16 } from '../src/firehose/jq/jq-1.6.js';
import { compilePaths, parsePaths, type QueryResult } from '../src/firehose/jq/jq-path.js';
import { FilterError, withoutStrings } from '../src/firehose/jq/jq-program.js';
import { writtenKeys } from '../src/firehose/jq/written-keys.js';
import { jq } from './jq-support.js';

/** What the jq on this machine says of each text, in one run. */
function reference(query: string, texts: string[]): QueryResult[] {
  const { stdout } = spawnSync('jq', ['-c', `try {values: ${query}} catch {failure: .}`], {
    input: texts.join('\n'),
    encoding: 'utf8',
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const names = ['page', 'event', 'a', 'b c', 'constructor', '__proto__', 'ü'];
const name = fc.constantFrom(...names);
const isPlain = (text: string) => /^[A-Za-z_]\w*$/.test(text);
const step = fc.tuple(name, fc.boolean()).map(([text, plain]) => (plain && isPlain(text) ? `.${text}` : `."${text}"`));
const path = fc.oneof(
  fc.constant('.'),
  fc
    .tuple(
      step,
      fc.array(
        fc.oneof(
          step,
          name.map((text) => `["${text}"]`),
        ),
        { maxLength: 2 },
      ),
    )
    .map(([first, rest]) => first + rest.join('')),
  name.map((text) => `.["${text}"]`),
);
const entry = fc.oneof(
  fc.tuple(fc.constantFrom('page', 'event', '"x y"', 'if', 'k'), path).map(([key, value]) => `${key}:${value}`),
  fc.constantFrom('page', 'event', 'a', '"b c"'),
);
const query = fc
  .tuple(
    fc.uniqueArray(entry, { minLength: 1, maxLength: 4, selector: (text) => text.split(':')[0]!.replaceAll('"', '') }),
    fc.constantFrom('', ' '),
  )
  .map(([entries, space]) => `{${space}${entries.join(`${space},${space}`)}${space}}`);
const record: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 0, 1.5, '', 'books', 'ünï'),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** What jq gives here. */
const filtered = async (query: string, texts: readonly string[]) =>
  (await compileFilter(jq, query)).run(texts.map((text) => Buffer.from(text)));

describe('plain paths', () => {
  test.each([
    ['{page:.page,event:.event}', { page: ['page'], event: ['event'] }],
    ['{ page : .a.b , "x y" : .["c d"] }', { page: ['a', 'b'], 'x y': ['c d'] }],
    ['{page}', { page: ['page'] }],
    ['{page:.a["b"].c."d"}', { page: ['a', 'b', 'c', 'd'] }],
    ['{all:.}', { all: [] }],
  ])('%s', (source, paths) => expect(Object.fromEntries(parsePaths(source)!)).toEqual(paths));

  test.each([
    '.page',
    '{}',
    '{page:.page',
    '{page:.page}}',
    '{page:.page,}',
    '{if}',
    '{page:.a.["b"]}',
    '{page:.a[0]}',
    '{page:.a?}',
    '{page:.a|tostring}',
    '{page:(.a)}',
    '{page:"books"}',
    '{page:.a\\b}',
    '{"p\\u0061ge":.a}',
    '{page:..}',
    '{page:.a//"x"}',
    '{(.a):.b}',
    '{__proto__:.a}',
    '{page:.a # }\n}',
  ])('%s is left to jq', (source) => expect(parsePaths(source)).toBeUndefined());

  test(`give what jq gives, errors included${leavesOut('20 of 150 runs')}`, async () => {
    await fc.assert(
      fc.asyncProperty(query, fc.array(record, { minLength: 1, maxLength: 20 }), async (source, records) => {
        const run = compilePaths(parsePaths(source)!);
        const texts = records.map((value) => JSON.stringify(value));
        const ours = texts.map((text) => run(JSON.parse(text)));
        const withoutMessages = (results: QueryResult[]) =>
          results.map((result) =>
            JSON.stringify('failure' in result ? 'failure' : Object.entries(result.values).sort()),
          );
        expect(withoutMessages(ours)).toEqual(withoutMessages(await filtered(source, texts)));
      }),
      { numRuns: inForm(20, 150) },
    );
  });

  needs('jq-1.6').test(
    `give what jq 1.6 gives, with its error messages (skipped where jq is not 1.6)${leavesOut('20 of 150 runs')}`,
    () => {
      fc.assert(
        fc.property(query, fc.array(record, { minLength: 1, maxLength: 40 }), (source, records) => {
          const run = compilePaths(parsePaths(source)!);
          const texts = records.map((value) => JSON.stringify(value));
          const theirs = reference(source, texts);
          const sorted = (results: QueryResult[]) =>
            results.map((result) =>
              JSON.stringify('failure' in result ? result : Object.entries(result.values).sort()),
            );
          expect(sorted(texts.map((text) => run(JSON.parse(text))))).toEqual(sorted(theirs));
        }),
        { numRuns: inForm(20, 150) },
      );
    },
  );
});

describe('any other filter', () => {
  test('goes through jq by the hundred, and an error is its own record’s alone', async () => {
    const texts = Array.from({ length: 1_007 }, (_, index) =>
      index % 10 === 3 ? `{"page":${index}}` : `{"page":"P${index}"}`,
    );
    const results = await filtered('{page:(.page|ascii_downcase),event:(.event // "none")} # as written', texts);
    expect(results).toHaveLength(texts.length);
    for (const [index, result] of results.entries()) {
      if (index % 10 === 3) expect(result).toEqual({ failure: expect.stringContaining('explode') });
      else expect(result).toEqual({ values: { page: `p${index}`, event: 'none' } });
    }
  });

  test('none, several, and something else than an object are failures', async () => {
    expect(await filtered('empty', ['1'])).toEqual([{ failure: expect.stringContaining('0 results') }]);
    expect(await filtered('{a:1},{a:2}', ['1'])).toEqual([{ failure: expect.stringContaining('2 results') }]);
    expect(await filtered('.page', ['{"page":"a"}'])).toEqual([{ failure: expect.stringContaining('no JSON object') }]);
    expect(await filtered('error(null)', ['1', '2'])).toHaveLength(2);
  });

  test('a record that takes jq itself down costs its neighbours nothing', async () => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    const results = await filtered('{a:(.a|tostring)}', ['{"a":1}', `{"a":${deep}}`, '{"a":2}']);
    expect(results[0]).toEqual({ values: { a: '1' } });
    expect(results[1]).toHaveProperty('failure');
    expect(results[2]).toEqual({ values: { a: '2' } });
  });

  test.each(['{page:.page', '{page:.page))', '.a) | (.b', '{page:nothing_like_it}', ')] | [('])(
    '%s is refused with what jq says',
    (source) => expect(compileFilter(jq, source)).rejects.toThrow(FilterError),
  );

  test.each(['{page:input}', '[inputs]|{page:.[0]}', '{page:(.a|halt)}', '{a:"\\(input)"}', '{page:.a}|halt_error'])(
    '%s is refused: it would upset a batch',
    (source) => expect(compileFilter(jq, source)).rejects.toThrow(/has no meaning/),
  );

  test('fields and texts that only look like it are not', async () => {
    const results = await filtered('{input:.input,page:("input"+.inputs)}', ['{"input":"x","inputs":"y"}']);
    expect(results).toEqual([{ values: { input: 'x', page: 'inputy' } }]);
    expect(withoutStrings('"a\\"b\\(.c + "d(")e" # "f')).toBe('"(.c + "")" \n');
  });
});

test('the keys of a query are read off where they are written out', () => {
  expect(writtenKeys('{page:.page|ascii_downcase, event: (if .a == "," then {x:1} else "b" end)}')).toEqual([
    'page',
    'event',
  ]);
  expect(writtenKeys('{"page key":.page,event}')).toEqual(['page key', 'event']);
  expect(writtenKeys('{a:1}|{b:2}')).toBeUndefined();
  expect(writtenKeys('{(.a):1}')).toBeUndefined();
  expect(writtenKeys('. | {a:1}')).toBeUndefined();
});

describe('numbers, which jq 1.8 would keep as they are written', () => {
  const written = fc.constantFrom('1.0', '-2.50', '1E+2', '1e2', '0.1e1', '12345678901234567890', '7.');
  const plain = fc.constantFrom('0', '-1', '42', '123456789012345');
  const text = fc.constantFrom(
    '"a"',
    '"1.0"',
    '"2026-11-30T08:00:00.123Z"',
    '"v1.0, 2.5e1"',
    '"\\"": 1.5"',
    '"x: 1.0"',
  );
  const space = fc.constantFrom('', ' ', '\n', '\t ');
  /** JSON with the numbers and the white space given, and no others. */
  const json = (numbers: fc.Arbitrary<string>) =>
    fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        numbers,
        text,
        fc
          .tuple(fc.array(tie('value'), { maxLength: 3 }), space)
          .map(([all, s]) => `[${s}${all.join(`${s},${s}`)}${s}]`),
        fc
          .tuple(fc.array(fc.tuple(text, tie('value')), { maxLength: 3 }), space)
          .map(([all, s]) => `{${s}${all.map(([key, value]) => `${key}${s}:${s}${value}`).join(`${s},${s}`)}${s}}`),
      ),
    })).value;
  const valid = (one: string) => {
    try {
      JSON.parse(one);
      return true;
    } catch {
      return false;
    }
  };

  test('are written as 1.6 writes them, wherever they stand', () => {
    fc.assert(
      fc.property(json(fc.oneof(written, plain)).filter(valid), (given) => {
        const made = numbersOf16(Buffer.from(given)).toString();
        expect(JSON.parse(made)).toEqual(JSON.parse(given));
        // Outside of texts, no number is left that 1.6 would write in another way.
        const numbers = made.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/[-\d.eE+]+/g) ?? [];
        expect(numbers.filter((number) => String(Number(number)) !== number)).toEqual([]);
      }),
    );
  });

  test('cost nothing where there are none: times, addresses and versions are passed on as they are', () => {
    const event = Buffer.from(
      '{"at":"2026-11-30T08:00:00.123Z","seq":7,"url":"https://shop.example:8080/item?ref=1.5","sdk":"millrace-js/1.0.0","id":"0190a1b2-1e10"}',
    );
    expect(numbersOf16(event)).toBe(event);
  });
});
