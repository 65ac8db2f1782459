import { describe, expect, test } from '@jest/globals';
import { compileFilter } from '../src/firehose/jq/index.js';
import { FilterError } from '../src/firehose/jq/jq-program.js';
import { parseXml } from '../src/s3/http/xml.js';
import { toDuckDb } from '../src/s3/select/duckdb/to-duckdb.js';
import { parseSelect } from '../src/s3/select/sql/parse-select.js';
import { jq, runQuery } from './jq-support.js';

/** The code that a text is refused with: what takes time without bounds would not end. */
function refusal(read: () => unknown): string {
  try {
    read();
    return 'taken';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const times = (text: string, count: number) => text.repeat(count);

describe('XML of any length and depth is read once, or refused', () => {
  test.each([
    ['<', times('<', 500_000)],
    ['< a', times('< a', 200_000)],
    ['tags that do not end', times('<a ', 300_000)],
    ['attributes without an end', `<a ${times('x="1" ', 200_000)}`],
    ['quotes without an end', times('<a "', 200_000)],
    ['comments without an end', times('<!--', 200_000)],
    ['instructions without an end', times('<?', 300_000)],
    ['CDATA without an end', times('<![CDATA[', 100_000)],
    ['closing tags without an end', times('</', 300_000)],
    ['spaces in a closing tag', `<a></a${times(' ', 500_000)}`],
    ['&', `<a>${times('&', 500_000)}</a>`],
    ['tags within each other', times('<a>', 300_000)],
    ['the same, closed', times('<a>', 100_000) + times('</a>', 100_000)],
  ])('%s', (_, text) => {
    expect(refusal(() => parseXml(text))).toBe('MalformedXML');
  });

  test('says that it is nested too deep, and repeats little of what was sent', () => {
    expect(() => parseXml(times('<a>', 65) + times('</a>', 65))).toThrow(/nested too deep/);
    expect(parseXml(times('<a>', 60) + times('</a>', 60)).name).toBe('a');
    expect(() => parseXml(`<a></${times('b', 100_000)}>`)).toThrow(/^.{0,300}$/s);
  });
});

describe('SQL of any length and depth is read once, or refused', () => {
  const sql = (text: string) => refusal(() => toDuckDb(parseSelect(text)));
  /** An expression within an expression within … */
  const nested = (count: number, inner: string, around: (inner: string) => string) => {
    let text = inner;
    for (let n = 0; n < count; n++) text = around(text);
    return text;
  };
  const select = (expression: string) => `select ${expression} from s3object s`;

  test.each([
    ['a sum of 20,000', select(Array(20_000).fill('1').join('+')), 'ParseUnsupportedSyntax'],
    ['a difference of members', select(Array(20_000).fill('s.a').join(' - ')), 'ParseUnsupportedSyntax'],
    ['parentheses', select(times('(', 20_000)), 'ParseUnsupportedSyntax'],
    ['NOT', select(`${times('not ', 50_000)}true`), 'ParseUnsupportedSyntax'],
    ['signs', select(`${times('- ', 50_000)}1`), 'ParseUnsupportedSyntax'],
    ['predicates behind each other', select(`s.a${times(' is null', 10_000)}`), 'ParseUnsupportedSyntax'],
    ['functions', select(nested(5_000, '1', (inner) => `abs(${inner})`)), 'ParseUnsupportedSyntax'],
    ['elements of elements', `select * from s3object${times('[*]', 20_000)}`, 'ParseUnsupportedSyntax'],
    ['comments without an end', `select ${times('/* ', 80_000)}`, 'LexerInvalidChar'],
    ['a name without an end', `select "${times('a', 200_000)}`, 'LexerInvalidChar'],
    [
      'what is compared several times, within itself',
      select(nested(40, 's.a', (inner) => `case when ${inner} = s.b then s.a else 'x' end`)),
      'UnsupportedSqlStructure',
    ],
    [
      'bounds within bounds',
      select(nested(60, 's.a', (inner) => `case when ${inner} between s.b and s.c then s.a else 'x' end`)),
      'UnsupportedSqlStructure',
    ],
    [
      'a long expression in a long list',
      select(`(${Array(150).fill('(s.a+1)').join('+')}) in (${Array(50_000).fill('s.b').join(',')})`),
      'UnsupportedSqlStructure',
    ],
  ])('%s: refused', (_, text, code) => {
    expect(sql(text)).toBe(code);
  });

  test.each([
    ['20,000 alternatives', `select * from s3object s where ${Array(20_000).fill('s.a=2').join(' or ')}`],
    ['5,000 texts joined', select(Array(5_000).fill("'a'").join('||'))],
    ['a list of 30,000', `select * from s3object s where s.a in (${Array(30_000).fill('1').join(',')})`],
    ['a sum of 300', select(Array(300).fill('s.a').join('+'))],
    ['150 parentheses', select(nested(150, 's.a', (inner) => `(${inner})`))],
  ])('%s: taken', (_, text) => {
    expect(sql(text)).toBe('taken');
  });
});

describe('jq of any depth compiles, or is refused, and a record of any depth costs itself', () => {
  const compile = (text: string) =>
    compileFilter(jq, text).then(
      () => 'taken',
      (error) => (error instanceof FilterError ? 'refused' : String(error)),
    );
  test.each([
    [`{page:${times('(', 2_400)}.a${times(')', 2_400)}}`, 'taken'],
    [`{page:${times('[', 2_400)}1${times(']', 2_400)}}`, 'taken'],
    [`{page:${times('(', 5_000)}`, 'refused'],
    [`{page:.${times('a.', 2_400)}a}`, 'taken'],
    [`{page:${times('"\\(', 800)}1${times(')"', 800)}}`, 'taken'],
  ])('%.20s…', async (text, outcome) => {
    expect(await compile(text)).toBe(outcome);
  });

  test('a record that takes all of jq’s memory costs itself and no neighbour', async () => {
    const results = await runQuery(
      '{page:(if .n > 9 then ("x" * (.n * 1e8)) else .page end)}',
      [1, 10, 2, 11, 3].map((n) => `{"page":"p${n}","n":${n}}`),
    );
    const failure = 'The query took more than 256 MiB of memory for the record';
    expect(results).toEqual([
      { values: { page: 'p1' } },
      { failure },
      { values: { page: 'p2' } },
      { failure },
      { values: { page: 'p3' } },
    ]);
  });

  test('a record that is nested too deep is a failure of its own', async () => {
    const deep = (inner: string) => `{"page":"b","x":${times('[', 20_000)}${inner}${times(']', 20_000)}}`;
    const results = await runQuery('{page:.page|tostring}', ['{"page":"a"}', deep('1'), deep('1.5'), '{"page":"c"}']);
    expect(results).toEqual([
      { values: { page: 'a' } },
      { failure: expect.stringMatching(/depth/) },
      { failure: expect.stringMatching(/depth/) },
      { values: { page: 'c' } },
    ]);
  });
});
