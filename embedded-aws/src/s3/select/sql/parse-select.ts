import { S3Error } from '../../errors.js';
import { tooDeep } from './height.js';
import { createExpressionParser, type ParseExpression } from './parse-expression.js';
import type { SelectColumn, SelectQuery } from './syntax.js';
import { readTokens, type TokenReader } from './token-reader.js';

const maxExpressionBytes = 256 * 1024;
/** Steps behind S3Object: each `[*]` is a query within a query. */
const maxSteps = 100;

/**
 * Parses S3 Select's SQL, and refuses as S3 does what is not part of it.
 * @throws S3Error with S3's code: ParseUnexpectedToken, ParseUnsupportedSelect, ExpressionTooLong …
 */
export function parseSelect(text: string): SelectQuery {
  if (Buffer.byteLength(text) > maxExpressionBytes)
    throw new S3Error('ExpressionTooLong', 'The SQL expression is too long: the maximum is 256 KB.', 400);
  const tokens = readTokens(text);
  const expression = createExpressionParser(tokens);
  tokens.needWord('SELECT');
  const columns = selectList(tokens, expression);
  tokens.needWord('FROM');
  const from = fromClause(tokens);
  const hasAlias = tokens.takeWord('AS') || (tokens.peek().kind === 'name' && !isClause(tokens));
  const alias = hasAlias ? tokens.needName() : 'S3Object';
  const where = tokens.takeWord('WHERE') ? expression() : undefined;
  const limit = tokens.takeWord('LIMIT') ? limitClause(tokens) : undefined;
  if (tokens.peek().kind !== 'end') throw tokens.unexpected('the end');
  return {
    ...(columns && { columns: columns.map((one) => ({ ...one, expression: withoutAlias(one.expression, alias) })) }),
    from,
    ...(where && { where: withoutAlias(where, alias) }),
    ...(limit === undefined ? {} : { limit }),
  };
}

const isClause = (tokens: TokenReader) => tokens.isWord(tokens.peek(), 'WHERE', 'LIMIT');

/** Undefined for `*`. */
function selectList(tokens: TokenReader, expression: ParseExpression): SelectColumn[] | undefined {
  const columns: SelectColumn[] = [];
  let stars = 0;
  do {
    // `s.*` is `*`, as there is one source.
    const isDotted =
      tokens.peek().kind === 'name' && tokens.isSymbol(tokens.peek(1), '.') && tokens.isSymbol(tokens.peek(2), '*');
    if (isDotted) tokens.skip(2);
    if (tokens.takeSymbol('*')) stars++;
    else columns.push(column(tokens, expression));
  } while (tokens.takeSymbol(','));
  if (stars > 0 && stars + columns.length > 1)
    throw new S3Error('ParseAsteriskIsNotAloneInSelectList', 'Other expressions are not allowed beside *.', 400);
  return stars > 0 ? undefined : columns;
}

function column(tokens: TokenReader, expression: ParseExpression): SelectColumn {
  const parsed = expression();
  const hasName = tokens.takeWord('AS') || (tokens.peek().kind === 'name' && !tokens.isWord(tokens.peek(), 'FROM'));
  return { expression: parsed, ...(hasName ? { name: tokens.needName() } : {}) };
}

function fromClause(tokens: TokenReader): SelectQuery['from'] {
  if (!tokens.isWord(tokens.peek(), 'S3OBJECT'))
    throw new S3Error('InvalidDataSource', 'The FROM clause must name S3Object, the object of the request.', 400);
  tokens.skip();
  const from: SelectQuery['from'] = [];
  for (let isFirst = true; ; isFirst = false) {
    if (tokens.takeSymbol('.')) from.push(tokens.needName());
    else if (tokens.takeSymbol('[')) {
      const position = tokens.needPosition();
      // The first [*] stands for each value of the object, and those are the records anyway.
      if (position !== undefined) from.push(position);
      else if (!isFirst) from.push({ each: true });
    } else return from;
    if (from.length > maxSteps) throw tooDeep();
  }
}

function limitClause(tokens: TokenReader): number {
  const token = tokens.peek();
  if (token.kind !== 'number' || !/^\d{1,15}$/.test(token.text)) throw tokens.unexpected('a whole number');
  tokens.skip();
  return Number(token.text);
}

/** Makes paths relative to the row: `s.page` and `page` are the same. */
function withoutAlias<Node>(node: Node, alias: string): Node {
  if (Array.isArray(node)) return node.map((item) => withoutAlias(item, alias)) as Node;
  if (typeof node !== 'object' || node === null) return node;
  const path = node as { kind?: string; steps?: (string | number)[] };
  if (path.kind === 'path' && String(path.steps?.[0]).toLowerCase() === alias.toLowerCase())
    return { ...path, steps: path.steps!.slice(1) } as Node;
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, withoutAlias(value, alias)])) as Node;
}
